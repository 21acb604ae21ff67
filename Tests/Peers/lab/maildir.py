"""Mail as its reader finds it."""

import email
import email.policy
import pathlib

from .waiting import until


class Maildir:
    def __init__(self, path):
        self.path = pathlib.Path(path)

    @property
    def files(self):
        return sorted(self.path.glob("new/*"))

    def wait(self, count=1, seconds=20):
        """The messages, when there are so many; read with every defect an error."""
        until(lambda: len(self.files) >= count, seconds, f"{count} messages in {self.path}")
        return self.messages

    @property
    def messages(self):
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.strict + email.policy.SMTP) for file in self.files]


def recording(message, directory):
    """The attachment of a message as a file."""
    parts = [part for part in message.walk() if part.get_content_maintype() == "audio"]
    assert len(parts) == 1, [part.get_content_type() for part in message.walk()]
    path = directory / parts[0].get_filename().replace("/", "_")
    path.write_bytes(parts[0].get_content())
    return path
