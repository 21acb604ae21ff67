"""Mails as three programs read them: Python's email (strict), dovecot over IMAP, and perl's MIME::Parser. Each gives
for each mail a dictionary: name and address (of From), subject, file (name of the attachment), types of the parts."""

import email
import email.header
import email.policy
import email.utils
import imaplib
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.parse

STRICT = email.policy.strict.clone(max_line_length=None)


def python(octets):
    """Raises at the first defect, of the whole or of a field."""
    mail = email.message_from_bytes(octets, policy=STRICT)
    for part in mail.walk():
        assert not part.defects, part.defects
        for field, value in part.items():
            assert not value.defects, (field, value.defects)
            assert "\n" not in value and "\r" not in value
    sender, = mail["From"].addresses
    # Python up to 3.12 shows the white space between encoded words of a phrase (RFC 2047 §6.2 says that it is none),
    # so what is longer than one is read by its older half.
    raw = email.message_from_bytes(octets)["From"]
    name = decoded(email.utils.parseaddr(raw)[0])
    assert raw.count("=?") > 1 or sender.display_name == name
    files = [part.get_filename() for part in mail.walk() if part.get_filename()]
    return {"name": name, "address": sender.addr_spec, "subject": str(mail["Subject"]),
            "file": files[0] if files else None, "types": [part.get_content_type() for part in mail.walk()]}


PERL = r"""
use strict; use warnings; use MIME::Parser; use Mail::Address; use Encode; use JSON::PP;
binmode STDOUT;
sub walk { my ($part) = @_; return (lc $part->mime_type, map { walk($_) } $part->parts) }
sub file { my ($part) = @_;
    my $name = $part->head->recommended_filename;
    return $name if defined $name;
    for my $inner ($part->parts) { my $found = file($inner); return $found if defined $found }
    return undef }
for my $path (@ARGV) {
    my $parser = MIME::Parser->new; $parser->output_to_core(1); $parser->tmp_to_core(1);
    my $mail = $parser->parse_open($path);
    die "$path: " . join(' ', $parser->results->msgs) if $parser->results->errors || $parser->results->warnings;
    my $field = sub { my $text = $mail->head->get($_[0], 0); $text =~ s/\r?\n(?=[ \t])//g; $text =~ s/\r?\n\z//; $text };
    my ($from) = Mail::Address->parse($field->('From'));
    my $name = $from->phrase;
    if ($name =~ /\A"(.*)"\z/s) { $name = $1; $name =~ s/\\(.)/$1/gs } else { $name = decode('MIME-Header', $name) }
    my $file = file($mail);
    $file = decode('UTF-8', $file) if defined $file && !utf8::is_utf8($file);
    print JSON::PP->new->utf8->encode({name => $name, address => $from->address, file => $file,
        subject => decode('MIME-Header', $field->('Subject')), types => [walk($mail)]}), "\n";
}
"""


def perl(paths):
    found = []
    paths = [str(path) for path in paths]
    for start in range(0, len(paths), 1000):
        run = subprocess.run(["perl", "-e", PERL, *paths[start:start + 1000]], capture_output=True, check=False)
        assert run.returncode == 0 and not run.stderr, run.stderr.decode()
        found += [json.loads(line) for line in run.stdout.splitlines()]
    return found


class Dovecot:
    """dovecot's IMAP process on a Maildir, on its standard input and output; no server, no port."""

    def __init__(self, paths):
        # As the user mail, since it takes no root; pytest's own directories are root's alone.
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="dovecot-"))
        box = self.home / "Maildir"
        for folder in ("cur", "new", "tmp"):
            (box / folder).mkdir(parents=True)
        for index, path in enumerate(paths):
            shutil.copy(path, box / "cur" / f"{index + 1:06}.test:2,")
        subprocess.run(["chown", "-R", "mail:mail", self.home], check=True)
        configuration = self.home / "dovecot.conf"
        configuration.write_text(
            f"mail_location = maildir:{box}\nlog_path = {self.home}/dovecot.log\nssl = no\n"
            f"base_dir = {self.home}/base\nstate_dir = {self.home}/state\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n"
            "mail_uid = mail\nmail_gid = mail\n")
        command = f"env HOME={self.home} USER=reader /usr/lib/dovecot/imap -c {configuration}"
        self.imap = imaplib.IMAP4_stream(command)
        self.imap.select("INBOX", readonly=True)

    def read(self):
        status, data = self.imap.fetch("1:*", "(ENVELOPE BODYSTRUCTURE)")
        assert status == "OK"
        found = []
        for value in Dovecot.values(data):
            fields = value[1]
            envelope = fields[fields.index("ENVELOPE") + 1]
            structure = fields[fields.index("BODYSTRUCTURE") + 1]
            (name, _, mailbox, host), = envelope[2]
            found.append({"name": decoded(name), "address": f"{mailbox}@{host}", "subject": decoded(envelope[1]),
                          "file": Dovecot.file(structure), "types": list(Dovecot.types(structure))})
        self.imap.logout()
        shutil.rmtree(self.home)
        return found

    @staticmethod
    def values(data):
        """The parts of the answers as nested lists; literals come apart from the lines that name them."""
        text, literals, answers = b"", [], []
        for item in data:
            if isinstance(item, tuple):
                text += re.sub(rb"\{\d+\}$", b" \x01 ", item[0])
                literals.append(item[1])
            else:
                answers.append((text + item, literals))
                text, literals = b"", []
        for line, strings in answers:
            strings = iter(strings)
            stack = [[]]
            for token in re.finditer(rb'\(|\)|"((?:[^"\\]|\\.)*)"|\x01|[^\s()"]+', line):
                word = token.group()
                if word == b"(":
                    stack.append([])
                elif word == b")":
                    done = stack.pop()
                    stack[-1].append(done)
                elif word == b"\x01":
                    stack[-1].append(next(strings).decode())
                elif token.group(1) is not None:
                    stack[-1].append(re.sub(rb"\\(.)", rb"\1", token.group(1)).decode())
                else:
                    stack[-1].append(None if word == b"NIL" else word.decode())
            yield stack[0]

    @staticmethod
    def types(structure):
        if isinstance(structure[0], list):
            parts = [part for part in structure if isinstance(part, list) and part and (
                isinstance(part[0], list) or len(part) > 6)]
            subtype = next(part for part in structure if isinstance(part, str))
            yield f"multipart/{subtype}".lower()
            for part in parts:
                yield from Dovecot.types(part)
        else:
            yield f"{structure[0]}/{structure[1]}".lower()

    @staticmethod
    def file(structure):
        """By the parameters of Content-Type, in which dovecot leaves the forms of RFC 2231 as they are."""
        if isinstance(structure[0], list):
            for part in structure:
                if isinstance(part, list) and (found := Dovecot.file(part)):
                    return found
            return None
        parameters = structure[2] if len(structure) > 6 and isinstance(structure[2], list) else []
        pairs = {key.lower(): value for key, value in zip(parameters[::2], parameters[1::2])}
        if "name" in pairs:
            return pairs["name"]
        pieces = [pairs[key] for key in sorted((key for key in pairs if key.startswith("name*")),
                                               key=lambda key: int("0" + re.sub(r"\D", "", key)))]
        return urllib.parse.unquote("".join(pieces).removeprefix("utf-8''"), errors="strict") if pieces else None


def decoded(text):
    """Encoded words as RFC 2047 §6 has them, and nothing else."""
    return str(email.header.make_header(email.header.decode_header(text)))
