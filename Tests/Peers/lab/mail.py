"""Mail servers in a namespace: postfix and dovecot, opensmtpd, and a scripted one that fails as it is told."""

import email
import email.policy
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import threading

from .process import Process
from .waiting import until


def certificates(directory, name="mail.test"):
    """(CA file, certificate, key): a CA of the test's own, EC P-256."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=directory)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.crt")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", "mail.key", "-out", "mail.csr")
    (directory / "extensions").write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "mail.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-out", "mail.crt", "-extfile", "extensions")
    return directory / "ca.crt", directory / "mail.crt", directory / "mail.key"


def messages(maildir):
    """The mails of a Maildir, parsed."""
    found = []
    for folder in ("new", "cur"):
        path = pathlib.Path(maildir) / folder
        for file in sorted(path.iterdir()) if path.is_dir() else []:
            # From octets, Python would not read what is beyond ASCII in header fields (RFC 6532).
            found.append(email.message_from_string(file.read_bytes().decode(), policy=email.policy.default))
    return found


class Postfix:
    """Takes mail for a.test and bücher.example on 127.0.0.1:2525 after STARTTLS (4650: in TLS from the start) and AUTH
    as vm (password pw-vm) and hands it to dovecot's LMTP, which also answers IMAP on 1143. Users are whoever gets mail.

    With `introspection`, the URL of one who knows tokens (RFC 7662), AUTH is by token alone. With `users`, only these
    have mail, and postfix itself puts it in their Maildirs: dovecot's LMTP has no SMTPUTF8."""

    DOVECOT = """
base_dir = {run}/base
state_dir = {run}/state
log_path = {run}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
mail_location = maildir:{run}/mail/%n
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = {passwords}
  args = {arguments}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={run}/mail/%n allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = 1143
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = 2424
  }}
}}
service auth {{
  unix_listener {run}/queue/private/auth {{
    mode = 0666
  }}
}}
service stats {{
  chroot =
}}
protocol lmtp {{
  auth_username_format = %n
  postmaster_address = postmaster@a.test
}}
"""

    OAUTH2 = """
introspection_url = {introspection}
introspection_mode = post
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
"""

    MAIN = """
compatibility_level = 3.6
queue_directory = {run}/queue
data_directory = {run}/data
mail_owner = postfix
myhostname = mail.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
virtual_mailbox_domains = a.test xn--bcher-kva.example
virtual_transport = {transport}
virtual_mailbox_base = {run}/mail
virtual_mailbox_maps = {maps}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_recipient_restrictions = check_recipient_access texthash:{run}/access, permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
message_size_limit = {size}
smtputf8_enable = {smtputf8}
maillog_file = {run}/mail.log
maillog_file_prefixes = /
"""

    def __init__(self, namespace, certificate, key, size=30000000, introspection=None, smtputf8=True, users=()):
        self.namespace = namespace
        # A path of postfix's sockets must be short, and every daemon's user must reach it.
        self.run = pathlib.Path(f"/var/tmp/imz-mail-{namespace.name}")
        shutil.rmtree(self.run, ignore_errors=True)
        for part in ("mail", "queue/private", "data", "base", "state", "etc"):
            (self.run / part).mkdir(parents=True)
        for part in (".", "etc"):
            (self.run / part).chmod(0o755)
        shutil.chown(self.run / "mail", "mail", "mail")
        shutil.chown(self.run / "data", "postfix")
        # Without these two the master ends without a word.
        shutil.chown(self.run / "queue/private", "postfix")
        (self.run / "queue/private").chmod(0o700)
        shutil.copy(certificate, self.run / "mail.crt")
        shutil.copy(key, self.run / "mail.key")
        values = {"run": self.run, "certificate": self.run / "mail.crt", "key": self.run / "mail.key", "size": size}
        mail = pwd.getpwnam("mail")
        values |= {"uid": mail.pw_uid, "gid": mail.pw_gid, "smtputf8": "yes" if smtputf8 else "no",
                   "transport": "virtual" if users else "lmtp:inet:127.0.0.1:2424",
                   "maps": f"texthash:{self.run}/users" if users else ""}
        (self.run / "users").write_text("".join(f"{user}@a.test {user}/\n" for user in users))
        if introspection:
            values |= {"mechanisms": "xoauth2 oauthbearer", "passwords": "oauth2", "arguments": self.run / "oauth2.conf"}
            (self.run / "oauth2.conf").write_text(self.OAUTH2.format(introspection=introspection))
        else:
            values |= {"mechanisms": "plain login cram-md5", "passwords": "static", "arguments": "password=pw-%n"}
        (self.run / "dovecot.conf").write_text(self.DOVECOT.format(**values))
        (self.run / "etc/main.cf").write_text(self.MAIN.format(**values))
        (self.run / "access").write_text("")
        master = []
        for line in pathlib.Path("/etc/postfix/master.cf.proto").read_text().splitlines():
            words = line.split()
            if len(words) == 8 and not line.startswith(("#", " ")):
                words[4] = "n"
                if words[0] == "smtp" and words[1] == "inet":
                    words[0] = "127.0.0.1:2525"
                line = " ".join(words)
            master.append(line)
        master.append("127.0.0.1:4650 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt")
        (self.run / "etc/master.cf").write_text("\n".join(master) + "\n")
        self.dovecot = Process(namespace, ["dovecot", "-F", "-c", self.run / "dovecot.conf"], self.run / "dovecot.out")
        until(lambda: namespace.listens("tcp", 2424) and namespace.listens("tcp", 1143), 15, "dovecot")
        self.start()

    def postfix(self, *words):
        return self.namespace.run(["postfix", "-c", self.run / "etc", *words])

    def start(self):
        self.postfix("start")
        until(lambda: self.namespace.listens("tcp", 2525), 15, f"postfix: {self.log()[-2000:]}")

    def stop(self):
        self.postfix("stop")
        until(lambda: not self.namespace.listens("tcp", 2525), 15, "postfix gone")

    def recipients(self, **answers):
        """Answers to RCPT by user, such as alice="451 4.3.2 later"; all others are taken."""
        lines = [f"{user}@a.test {answer}" for user, answer in answers.items()]
        (self.run / "access").write_text("\n".join(lines) + "\n")
        self.postfix("reload")

    def log(self):
        path = self.run / "mail.log"
        return path.read_text() if path.exists() else ""

    def mail(self, user):
        return messages(self.run / "mail" / user)

    def close(self):
        self.postfix("stop")
        self.dovecot.stop()
        shutil.rmtree(self.run, ignore_errors=True)


class OpenSMTPD:
    """Takes mail for a.test in clear on 127.0.0.1:2526, for LMTP on 2424. Its package conflicts with postfix, so it is
    unpacked and not installed."""

    ROOT = pathlib.Path("/var/tmp/imz-opensmtpd")

    @classmethod
    def install(cls):
        program = cls.ROOT / "usr/sbin/smtpd"
        if not program.exists():
            cls.ROOT.mkdir(exist_ok=True)
            subprocess.run(["apt-get", "download", "opensmtpd"], check=True, cwd=cls.ROOT, capture_output=True)
            package = next(cls.ROOT.glob("opensmtpd_*.deb"))
            subprocess.run(["dpkg", "-x", package, cls.ROOT], check=True)
        for user in ("opensmtpd", "opensmtpq"):
            if subprocess.run(["id", user], capture_output=True).returncode:
                subprocess.run(["useradd", "-r", "-U", "-d", "/var/lib/opensmtpd/empty", "-s", "/usr/sbin/nologin", user],
                               check=True)
        # The places are compiled in.
        os.makedirs("/usr/libexec/opensmtpd", exist_ok=True)
        for file in (cls.ROOT / "usr/libexec/opensmtpd").iterdir():
            target = pathlib.Path("/usr/libexec/opensmtpd") / file.name
            if not target.exists():
                shutil.copy2(file, target)
        os.makedirs("/var/lib/opensmtpd/empty", mode=0o755, exist_ok=True)
        return program

    @classmethod
    def command(cls, directory, conf):
        """Its queue in a directory of its own, since the usual place is compiled in and other runs' mail is there. And a
        resolver where nobody listens: that is an answer; without one its banner takes half a minute, and it relays nothing."""
        spool = directory / "smtpd"
        spool.mkdir(exist_ok=True)
        os.makedirs("/var/spool/smtpd", mode=0o711, exist_ok=True)
        resolver = directory / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\n")
        script = ('chmod 711 "$1" && mount --bind "$1" /var/spool/smtpd && mount --bind "$2" /etc/resolv.conf && '
                  'exec "$3" -d -f "$4"')
        return ["unshare", "-m", "sh", "-c", script, "sh", str(spool), str(resolver), str(cls.install()), str(conf)]

    def __init__(self, namespace, directory, refuse=False):
        self.namespace = namespace
        self.directory = directory
        self.start(refuse)

    def start(self, refuse=False):
        lines = [
            'listen on 127.0.0.1 port 2526' + (' filter later' if refuse else ''),
            # Not `lmtp`, which takes mail only for users of this system: 550 for all others.
            'action "deliver" relay host "lmtp://127.0.0.1:2424"',
            'match from any for domain "a.test" action "deliver"',
        ]
        if refuse:
            lines.insert(0, 'filter later phase rcpt-to match !mail-from "<>" reject "451 4.3.2 try later"')
        conf = self.directory / "smtpd.conf"
        conf.write_text("\n".join(lines) + "\n")
        self.process = Process(self.namespace, self.command(self.directory, conf), self.directory / "smtpd.log")
        until(lambda: self.namespace.listens("tcp", 2526), 15, "opensmtpd")

    def stop(self):
        self.process.stop()


class ScriptedServer:
    """An SMTP or LMTP server that does what its script says at each step.

    `script(step, argument, connection)` returns a reply such as "250 ok"; None: the usual one; "drop": the connection
    is closed; "hang": nothing is said any more. Steps: connect, EHLO, AUTH (also each line after a 334), MAIL, RCPT, DATA, end, and by LMTP end for each
    recipient with its address."""

    def __init__(self, namespace, port, script=None, lmtp=False, capabilities=(), address="127.0.0.1"):
        self.script = script or (lambda step, argument, connection: None)
        self.lmtp = lmtp
        self.capabilities = capabilities
        self.mails = []  # (recipients, octets as they were meant)
        self.seen = []  # (step, argument)
        self.connections = 0
        self.lock = threading.Lock()
        self.listener = namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(64)
        self.open = []  # connections
        self.closed = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(client)
            threading.Thread(target=self.serve, args=(client, self.connections), daemon=True).start()

    def close(self):
        self.closed = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for client in list(self.open):
            client.close()

    def message_ids(self):
        return [email.message_from_bytes(octets)["Message-ID"] for _, octets in self.mails]

    def serve(self, client, number):
        try:
            self.talk(client, client.makefile("rb"), number)
        except (OSError, ValueError):
            pass
        finally:
            client.close()
            self.open.remove(client)

    def talk(self, client, lines, number):
        def answer(step, argument, usual, mail=None):
            """None: it is over. A mail that is taken is put down before the other side hears of it, as RFC 5321 §6.1 asks."""
            with self.lock:
                self.seen.append((step, argument))
            reply = self.script(step, argument, number) or usual
            if reply == "drop":
                return None
            if reply == "hang":
                client.settimeout(60)
                client.recv(1)
                return None
            if mail and reply.startswith("2"):
                with self.lock:
                    self.mails.append(mail)
            client.sendall(f"{reply}\r\n".encode())
            return reply

        if not answer("connect", "", "220 scripted"):
            return
        recipients = []
        while line := lines.readline():
            word, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            word = word.upper()
            if word in ("EHLO", "LHLO", "HELO"):
                rest = ["scripted", *self.capabilities]
                usual = "\r\n".join(f"250{'-' if i < len(rest) - 1 else ' '}{item}" for i, item in enumerate(rest))
                if not answer("EHLO", argument, usual):
                    return
            elif word == "AUTH":
                reply = answer("AUTH", argument, "235 2.7.0 ok")
                while reply and reply.startswith("334"):
                    reply = answer("AUTH", lines.readline().decode().strip(), "235 2.7.0 ok")
                if not reply:
                    return
            elif word == "MAIL":
                recipients = []
                if not answer("MAIL", argument, "250 2.1.0 ok"):
                    return
            elif word == "RCPT":
                address = argument.split("<")[1].split(">")[0]
                reply = answer("RCPT", address, "250 2.1.5 ok")
                if not reply:
                    return
                if reply.startswith("2"):
                    recipients.append(address)
            elif word == "DATA":
                reply = answer("DATA", "", "354 go on")
                if not reply:
                    return
                if not reply.startswith("354"):
                    continue
                if not self.data(lines, recipients, answer):
                    return
            elif word == "QUIT":
                client.sendall(b"221 bye\r\n")
                return
            else:
                client.sendall(b"250 ok\r\n")

    def data(self, lines, recipients, answer):
        body = []
        while True:
            if self.script("mid-DATA", len(body), self.connections) == "drop":
                return False
            line = lines.readline()
            if not line:
                return False
            if line == b".\r\n":
                break
            body.append(line[1:] if line.startswith(b".") else line)
        octets = b"".join(body)
        if not self.lmtp:
            return answer("end", recipients, "250 2.0.0 ok: queued as S1", (list(recipients), octets)) is not None
        return all(answer("end", address, "250 2.0.0 ok", ([address], octets)) for address in recipients)
