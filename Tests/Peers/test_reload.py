"""What SIGHUP changes under a standing call, and what it says about the rest."""


def reloaded(appliance, **sections):
    """Changes the configuration and waits until it holds; returns what was logged meanwhile."""
    for section, keys in sections.items():
        appliance.configuration.setdefault(section, {}).update(keys)
    appliance.write()
    start = appliance.process.log_size()
    appliance.reload()
    appliance.process.wait_log("configuration applied", 10, start)
    return lambda pattern: appliance.process.wait_log(pattern, 10, start)


def test_limits_timers_and_level_change_under_a_call(launch, library, calling):
    appliance = launch(library.directory)
    first = calling(appliance, "moh-default")
    first.invite(first.offer("0"))
    first.receiver.wait(10)

    logged = reloaded(appliance, sip={"max-calls": 1, "retry-after": 300}, log={"level": "debug"})
    second = calling(appliance, "moh-default")
    refused = second.transact("INVITE", second.offer("0"))
    assert refused.status == 503
    assert 300 <= int(refused["retry-after"]) < 600
    second.ack_failure(refused)
    logged('"level":"debug"')

    logged = reloaded(appliance, sip={"max-calls": 100, "session-expires": "200s"}, log={"level": "info"})
    start = appliance.process.log_size()
    third = calling(appliance, "moh-default")
    answer = third.invite(third.offer("0"), headers=["Supported: timer"])
    assert answer.status == 200
    assert answer["session-expires"].startswith("200"), answer
    third.receiver.wait(10)
    assert '"level":"debug"' not in appliance.process.log(start)

    reloaded(appliance, rtp={"max-streams": 2})
    fourth = calling(appliance, "moh-default")
    refused = fourth.transact("INVITE", fourth.offer("0"))
    assert refused.status == 503
    fourth.ack_failure(refused)

    assert first.receiver.stream.check(160).longest_gap() <= 0.060
    assert first.bye().status == 200


def test_the_code_point_of_running_streams_changes(launch, library, calling):
    appliance = launch(library.directory, {"rtp": {"dscp": "ef"}})
    call = calling(appliance, "moh-default")
    call.invite(call.offer("0"))
    call.receiver.wait(10)

    def seen():
        out = appliance.namespace.run(
            ["tcpdump", "-i", "lo", "-nv", "-c", "5", "udp and src portrange 16384-32767"], timeout=10)
        return {word for word in ("tos 0xb8", "tos 0x80") if word in out.stdout}

    assert seen() == {"tos 0xb8"}
    reloaded(appliance, rtp={"dscp": "cs4"})
    assert seen() == {"tos 0x80"}


def test_what_needs_a_restart_is_named(launch, library):
    appliance = launch(library.directory)
    logged = reloaded(
        appliance, rtp={"threads": 2, "ports": "20000-21000", "max-streams": 30000}, sip={"max-message": 60000})
    for key in ("rtp.threads", "rtp.ports", "rtp.max-streams", "sip.max-message"):
        logged(f"'{key}' takes effect at the next start")


def test_a_refused_reload_is_an_alarm_until_one_is_taken(launch, library):
    appliance = launch(library.directory)
    good = appliance.file.read_text()
    appliance.file.write_text(good + "nonsense: true\n")
    appliance.reload()
    appliance.process.wait_log("the old one stays in force", 10)
    code, health = appliance.get("/healthz")
    assert code == 200 and "the last reload was refused" in health and "nonsense" in health
    appliance.file.write_text(good)
    appliance.reload()
    appliance.process.wait_log("configuration applied", 10)
    assert "refused" not in appliance.get("/healthz")[1]
