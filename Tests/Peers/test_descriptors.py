"""The limit of open files, which a node with many recordings meets first."""


def soft_limit(appliance):
    for line in open(f"/proc/{appliance.process.pid}/limits"):
        if line.startswith("Max open files"):
            return int(line.split()[3])


def test_the_soft_limit_is_raised_to_the_hard_one(launch, library):
    appliance = launch(library.directory, wrapper=["prlimit", "--nofile=1024:16000", "--"])
    assert soft_limit(appliance) == 16000
    assert "at most 16000 open files" in appliance.process.log()
    assert not [alarm for alarm in appliance.status()["alarms"] if "open files" in alarm]


def test_a_hard_limit_below_what_may_be_needed_is_an_alarm(launch, library):
    appliance = launch(library.directory, wrapper=["prlimit", "--nofile=1024:1024", "--"])
    assert soft_limit(appliance) == 1024
    (alarm,) = [alarm for alarm in appliance.status()["alarms"] if "open files" in alarm]
    assert "voicemail.max-recordings" in alarm
    assert "1024 open files are allowed" in appliance.process.log()
