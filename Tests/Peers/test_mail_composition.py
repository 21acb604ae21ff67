"""Mails as other programs read them: names that attack the header, signatures, attachments, templates."""

import base64
import email
import json
import random
import subprocess

import dkim
import numpy as np
import pytest

from lab import audio
from lab.appliance import binary
from lab.mail import certificates
from lab.mailreading import STRICT, Dovecot, perl, python

BEGAN = 1_795_716_187_000_000_000  # 2026-11-26T18:03:07Z


def envelope(name="Zed Two", **change):
    value = {
        "version": 1, "id": "6a074f9b-host1-7", "messageID": "<6a074f9b-host1-7@example.com>", "callID": "c@192.0.2.1",
        "node": "host1", "site": "main", "called": "201", "reason": "no-answer", "began": BEGAN,
        "ended": BEGAN + 12 * 10**9, "ending": "hung-up", "isUrgent": False, "sampleRate": 8000, "samples": 96000,
        "caller": {"displayName": name, "number": "+15550142", "uri": "sip:+15550142@carrier.example.net"},
        "addressee": {"user": "alice", "addresses": ["alice@example.com"], "language": "en",
                      "timeZone": "Europe/Berlin", "format": "wav", "attachment": "attach",
                      "shortAddresses": ["5550100@sms.example.com"]}}
    for key, item in change.items():
        if isinstance(item, dict):
            value[key].update(item)
        else:
            value[key] = item
    return value


def write_au(path, samples, rate, size=0xFFFFFFFF, tail=b""):
    header = b".snd" + b"".join(word.to_bytes(4, "big") for word in (24, size, 3, rate, 1))
    path.write_bytes(header + np.round(samples * 32767).astype(">i2").tobytes() + tail)
    return path


@pytest.fixture
def render(tmp_path):
    """render(envelopes, *words, recording=…, mail={…}) -> paths of the mails."""
    def run(envelopes, *words, recording=None, mail=None):
        (tmp_path / "intermezzo.yaml").write_text(json.dumps({"mail": mail or {}}))
        source = tmp_path / "envelopes"
        source.write_text("".join(json.dumps(item) + "\n" for item in envelopes))
        output = tmp_path / "mails"
        subprocess.run(
            [binary(), "mail", "render", source, *([recording] if recording else []), "--output", output, "--config",
             tmp_path / "intermezzo.yaml", *words], check=True, capture_output=True, cwd=tmp_path)
        return [output / f"{index + 1}.eml" for index in range(len(envelopes))]
    return run


def part(mail, kind):
    found, = [part for part in mail.walk() if part.get_content_type() == kind]
    return found


# What a caller may be called. The rule in words: white space of any kind is one space; controls, marks of direction,
# invisible joiners and tags, and what is no character are left out; 128 characters, then "…".
SPACES = {0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(0x09, 0x0E), *range(0x2000, 0x200B)}
HIDDEN = {0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF, *range(0x00, 0x20), *range(0x7F, 0xA0),
          *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFDD0, 0xFDF0), *range(0xFFF0, 0xFFFC),
          *range(0xE0000, 0xE1000), *(plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF))}


def visible(text):
    kept = "".join(" " if ord(c) in SPACES else "" if ord(c) in HIDDEN else c for c in text)
    kept = " ".join(word for word in kept.split(" ") if word)
    return kept if len(kept) <= 128 else kept[:128].rstrip(" ") + "…"


SEEDS = ["Zoë \"Zed\" Müller-Løvenskiold, Büro <3. Stock> Tür " + "ä" * 30, "Zed Two", "Bob", "Иван Петрович Сидоров",
         "山田 太郎", "مرحبا", "👩‍👩‍👧‍👦 family", "a@b.example", "=?utf-8?Q?not_encoded?=", "x" * 200, "a, b; c: d", "(comment)",
         "back\\slash \"quote", "Bob\r\nBcc: victim@example.net", "<script>alert(1)</script>", "..", "C:\\con.exe"]
PIECES = ["\r\n", "\n", "\r", "\r\n\r\n", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\u200b", "\ufeff",
          "\u200d", "\ufe0f", "\u0301", "\ufffe", "\U000e0041", "\"", "\\", "\\\"", "<", ">", "@", ",", ";", ":", "(", ")", "[",
          "=?", "?=", "=?utf-8?B?", "=?utf-8?Q?=0A?=", "_", "=", " ", "  ", "%0a", "''", "*0*=", "é", "Ж", "漢", "😀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
          "\r\nBcc: x@example.net", "\r\n\r\n--=_", "/", "../", "&lt;", "'"]


def mutated(count):
    """So many names, each another."""
    source = random.Random(4)
    names = {}
    while len(names) < count:
        name = list(source.choice(SEEDS))
        for _ in range(source.randint(1, 12)):
            at = source.randint(0, len(name))
            match source.randint(0, 4):
                case 0 | 1:
                    name[at:at] = source.choice(PIECES)
                case 2:
                    del name[at:at + source.randint(1, 8)]
                case 3:
                    name[at:at] = name[:source.randint(0, 40)]
                case 4:
                    code = source.choice([source.randint(0, 0xFF), source.randint(0, 0xFFFF), source.randint(0, 0x10FFFF)])
                    if not 0xD800 <= code < 0xE000:
                        name.insert(at, chr(code))
        names["".join(name)] = None
    return list(names)


@pytest.mark.slow
def test_ten_thousand_hostile_names_are_read_the_same_by_three_programs(render, tmp_path):
    names = mutated(10_000)
    recording = write_au(tmp_path / "audio.au", audio.tone(440, 0.02, rate=8000), 8000)
    paths = render([envelope(name) for name in names], "--caller-address", "bob@example.com", recording=recording)
    octets = [path.read_bytes() for path in paths]
    for mail in octets:
        # RFC 5322 §2.1.1: 998 is the most, 78 what should be; no word of these mails is longer.
        bad = [line for line in mail.split(b"\r\n")
               if not line.isascii() or len(line) > 78 or b"\n" in line or b"\r" in line]
        assert not bad
    readings = [python(mail) for mail in octets]
    shown = [visible(name) or "+15550142" for name in names]
    for name, read in zip(shown, readings):
        assert read["name"] == name
        assert read["address"] == "voicemail@example.com"
        assert read["subject"] == f"Voicemail from {name} (12 s)"
        assert read["types"] == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "audio/wav"]
        assert read["file"].startswith("voicemail-2026-11-26-1903") and read["file"].endswith(".wav")
        assert not set(read["file"]) & set("/\\:*?\"<>|\r\n\0$`';&"), read["file"]
        assert ".." not in read["file"]
    assert perl(paths) == readings
    assert Dovecot(paths).read() == readings


def test_header_of_a_hostile_caller_has_the_same_fields_as_another(render):
    hostile = "\r\nBcc: x@example.net\r\n\r\nbody"
    one, two = render([
        envelope("Bob"),
        envelope(hostile, called=hostile, caller={"number": hostile, "uri": hostile},
                 addressee={"displayName": hostile, "language": hostile, "timeZone": hostile})])
    fields = [[field for field in email.message_from_bytes(path.read_bytes(), policy=STRICT).keys()]
              for path in (one, two)]
    assert fields[0] == fields[1]
    python(two.read_bytes())


def keys(directory, kind):
    """(private key file, DNS text) of a DKIM key."""
    options = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if kind == "rsa" else ["-algorithm", "ED25519"]
    key = directory / "dkim.pem"
    subprocess.run(["openssl", "genpkey", *options, "-out", key], check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                            capture_output=True).stdout
    # RFC 8463 §4: the 32 octets of the key alone.
    record = base64.b64encode(public if kind == "rsa" else public[-32:]).decode()
    return key, f"v=DKIM1; k={kind}; p={record}".encode()


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_dkim_signature_holds_until_something_changes(render, tmp_path, kind):
    key, record = keys(tmp_path, kind)
    recording = write_au(tmp_path / "audio.au", audio.tone(440, 1, rate=8000), 8000)
    path, = render([envelope("Zoë \"Zed\" Müller" + " ä" * 40)], recording=recording, mail={
        "dkim": {"domain": "example.com", "selector": "sel", "key-file": str(key)}})
    mail = path.read_bytes()

    def holds(mail):
        def answer(name, timeout=5):
            assert name == b"sel._domainkey.example.com."
            return record
        return dkim.verify(mail, dnsfunc=answer)

    assert holds(mail)
    python(mail)
    # Relays may change white space and add fields of their own.
    assert holds(b"Received: from x by y; Thu, 26 Nov 2026 19:04:00 +0100\r\n" + mail.replace(b"\r\n ", b"\r\n\t", 3))
    assert not holds(mail.replace(b"201", b"202"))
    assert not holds(b"From: other@example.com\r\n" + mail)
    assert not holds(mail.replace(b"Subject: ", b"Subject: x"))


def test_smime_signature_is_verified_by_openssl_beside_dkim(render, tmp_path):
    authority, certificate, key = certificates(tmp_path)
    dkim_key, record = keys(tmp_path, "rsa")
    recording = write_au(tmp_path / "audio.au", audio.tone(440, 1, rate=8000), 8000)
    path, = render([envelope("Жанна")], recording=recording, mail={
        "smime": {"certificate-file": str(certificate), "key-file": str(key)},
        "dkim": {"domain": "example.com", "selector": "sel", "key-file": str(dkim_key)}})

    def verify(file):
        return subprocess.run(["openssl", "cms", "-verify", "-in", file, "-CAfile", authority, "-purpose", "any"],
                              capture_output=True, check=False)

    run = verify(path)
    assert run.returncode == 0, run.stderr
    mail = path.read_bytes()
    assert python(mail)["types"] == ["multipart/signed", "multipart/mixed", "multipart/alternative", "text/plain",
                                     "text/html", "audio/wav", "application/pkcs7-signature"]
    assert run.stdout in mail
    assert dkim.verify(mail, dnsfunc=lambda name, timeout=5: record)
    changed = tmp_path / "changed.eml"
    changed.write_bytes(mail.replace(b"201", b"202"))
    assert verify(changed).returncode != 0


def decoded(mail, tmp_path):
    """(samples, rate, codec) of the attachment, by ffmpeg."""
    attachment, = email.message_from_bytes(mail, policy=STRICT).iter_attachments()
    file = tmp_path / attachment.get_filename()
    file.write_bytes(attachment.get_content())
    probe = json.loads(subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-of", "json", file], check=True, capture_output=True).stdout)
    stream = probe["streams"][0]
    rate = int(stream["sample_rate"])
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", file, "-f", "f32le", "-ac", "1", "-"], check=True,
                         capture_output=True).stdout
    return np.frombuffer(raw, "<f4"), rate, stream["codec_name"]


CODECS = {"wav": "pcm_s16le", "flac": "flac", "mp3": "mp3", "opus": "opus", "g711": "pcm_mulaw"}
TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "opus": "audio/ogg", "g711": "audio/wav"}


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("form", CODECS)
def test_attachment_sounds_as_what_was_said(render, tmp_path, form, rate):
    said = audio.resample(audio.seamless_noise(3, seed=7, level=0.03), 48000, rate)
    silence = np.zeros(2 * rate)
    recording = write_au(tmp_path / "audio.au", np.concatenate([silence, said, silence]), rate, tail=b"\x55")
    # As if speech had been found there, with 200 ms beside it.
    found = {"speechBegin": int(1.8 * rate), "speechEnd": int(5.2 * rate)}
    path, = render([envelope(addressee={"format": form}, **found)], recording=recording)
    mail = path.read_bytes()
    heard, heard_rate, codec = decoded(mail, tmp_path)
    assert codec == CODECS[form]
    assert TYPES[form] in python(mail)["types"]
    assert heard_rate == (48000 if form == "opus" else 8000 if form == "g711" else rate)
    assert abs(len(heard) / heard_rate - 3.4) < 0.1
    middle = audio.resample(heard, heard_rate, 8000)[5600:21600]
    match = audio.match(middle, audio.resample(said, rate, 8000), 8000, looped=False)
    assert match.snr > {"wav": 40, "flac": 40, "mp3": 10, "opus": 5, "g711": 25}[form]
    # Softly spoken, brought to -23 dBFS.
    loud = heard[int(0.5 * heard_rate):int(2.5 * heard_rate)]
    assert abs(20 * np.log10(np.sqrt(np.mean(loud ** 2))) + 23) < 1.5


def test_loud_recording_is_not_clipped_and_soft_one_not_raised_beyond_20_db(render, tmp_path):
    levels = {}
    for name, level in (("loud", 0.99), ("soft", 0.003)):
        recording = write_au(tmp_path / f"{name}.au", audio.tone(440, 2, rate=8000, level=level), 8000)
        path, = render([envelope()], recording=recording)
        heard, _, _ = decoded(path.read_bytes(), tmp_path)
        levels[name] = 20 * np.log10(np.max(np.abs(heard)))
    assert levels["loud"] < 0
    assert abs(levels["soft"] - (20 * np.log10(0.003) + 20)) < 0.5


def test_text_of_a_template_arrives_exactly(render, tmp_path):
    folder = tmp_path / "templates" / "en"
    folder.mkdir(parents=True)
    lines = [".first line begins with a dot", ".", "..two", "From here", "trailing space ",
             "{{name}} left a message, and this line is long: " + "x" * 1200, "=3D ü 漢 😀", "ends without a line end, and a dot."]
    (folder / "text.mustache").write_text("\n".join(lines))
    path, = render([envelope("Bob <b>")], mail={"templates": str(tmp_path / "templates")})
    mail = path.read_bytes()
    text = part(email.message_from_bytes(mail, policy=STRICT), "text/plain").get_payload(decode=True).decode()
    assert text.replace("\r\n", "\n") == "\n".join(lines).replace("{{name}}", "Bob <b>")
    assert all(len(line) <= 76 for line in mail.split(b"\r\n"))
    assert not any(line.startswith((b".", b"From ")) for line in mail.split(b"\r\n"))


def test_markup_of_a_caller_is_text(render):
    path, = render([envelope("<b onload=\"x('y')\">&amp;\u0301<\u0301script")])
    html = part(email.message_from_bytes(path.read_bytes(), policy=STRICT), "text/html").get_content()
    assert "&#60;b onload=&#34;x(&#39;y&#39;)&#34;&#62;&#38;amp;" in html
    assert "<b onload" not in html and "<\u0301script" not in html


def test_short_form_and_missed_call_and_report(render, tmp_path):
    recording = write_au(tmp_path / "audio.au", audio.tone(440, 1, rate=8000), 8000)

    def mail(form):
        path, = render([envelope("Bob " + "👩‍👩‍👧" * 60)], "--form", form, recording=recording)
        return email.message_from_bytes(path.read_bytes(), policy=STRICT)

    short = mail("short")
    assert short.get_content_type() == "text/plain"
    assert short["To"] == "5550100@sms.example.com"
    assert len(short.get_content().rstrip("\n").encode("utf-16-le")) // 2 <= 160
    missed = mail("missed")
    assert missed["Subject"].startswith("Missed call from Bob")
    assert not list(missed.iter_attachments())
    report = mail("report")
    assert report["To"] == "postmaster@example.com"
    assert "550 5.1.1" in part(report, "text/plain").get_content()
    assert part(report, "audio/wav")
    assert len({mail["Message-ID"] for mail in (short, missed, report)}) == 3


def test_faults_of_templates_are_told_with_their_file(tmp_path):
    folder = tmp_path / "templates"
    (folder / "de").mkdir(parents=True)
    (folder / "nl").mkdir()
    (folder / "de" / "subject.mustache").write_text("{{callre}}\n")
    (folder / "de" / "text.mustache").write_text("\n{{#urgent}}\n")
    (folder / "de" / "body.mustache").write_text("")
    (folder / "nl" / "subject.mustache").write_text("Voicemail van {{caller}}")
    configuration = tmp_path / "intermezzo.yaml"
    configuration.write_text(json.dumps({"mail": {"templates": str(folder)}}))
    run = subprocess.run([binary(), "check", "--config", configuration], capture_output=True, text=True, check=False)
    assert run.returncode == 78
    assert f"{folder}/de/subject.mustache:1: there is no 'callre'" in run.stderr
    assert f"{folder}/de/text.mustache:3:1: a section has no end" in run.stderr
    assert f"{folder}/de/body.mustache: no mail uses it" in run.stderr
    assert f"{folder}/nl/html.mustache: it is missing" in run.stderr


def test_built_in_templates_can_be_written_changed_and_used(render, tmp_path):
    folder = tmp_path / "templates"
    subprocess.run([binary(), "mail", "templates", folder], check=True, capture_output=True)
    assert sorted(path.name for path in folder.iterdir()) == ["de", "en", "es", "fr", "it"]
    values = [envelope(addressee={"language": language}) for language in ("en", "de", "fr-CA", "es", "it")]
    built_in = [path.read_bytes() for path in render(values)]
    assert [path.read_bytes() for path in render(values, mail={"templates": str(folder)})] == built_in
    assert len({email.message_from_bytes(mail)["Subject"] for mail in built_in}) == 5
    for mail in built_in:
        python(mail)
