"""What phones and proxies do that is legal, or nearly, and seldom tried."""

import random
import re

import pytest

from lab.sip import Phone

COMPACT = {
    "Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Length": "l", "Content-Type": "c", "Supported": "k",
}


def compact(text):
    head, _, body = text.partition("\r\n\r\n")
    for name, short in COMPACT.items():
        head = re.sub(rf"(?m)^{name}:", f"{short} :", head)
    return head + "\r\n\r\n" + body


def test_a_call_in_compact_forms(appliance, calling):
    call = calling(appliance)
    whole = call.text
    call.text = lambda *words, **options: compact(whole(*words, **options))
    assert call.invite(headers=["Supported: timer"]).status == 200
    call.receiver.wait(20)
    assert call.update(call.offer("0", ["a=inactive"])).direction == "inactive"
    assert call.bye().status == 200


def test_cancel_of_a_refused_call_has_its_tag(appliance, calling):
    call = calling(appliance)
    response = call.transact("INVITE", call.offer(), ["Require: magic"])
    assert response.status == 420
    call.cancel()
    answer = call.phone.wait_response((1, "CANCEL"))
    assert answer.status == 200 and answer.tag("to") == response.tag("to")
    call.ack_failure(response)


@pytest.mark.parametrize("method", ["BYE", "INVITE", "UPDATE", "INFO", "PRACK"])
@pytest.mark.parametrize("wrong", ["to_tag", "from_tag", "call_id"])
def test_a_dialog_has_three_names(appliance, calling, method, wrong):
    """Whoever knows only two of them is not in it."""
    call = calling(appliance)
    assert call.invite().status == 200
    right = getattr(call, wrong)
    setattr(call, wrong, f"x{random.getrandbits(40):x}@y")
    headers = ["RAck: 1 1 INVITE"] if method == "PRACK" else []
    body = call.offer() if method in ("INVITE", "UPDATE") else ""
    call.phone.send(call.text(method, body, headers))
    response = call.phone.wait_response((call.cseq, method), call_id=call.call_id)
    assert response.status == 481
    if method == "INVITE":
        call.phone.send(call.text("ACK", cseq=call.cseq, branch=call.invite_branch))
    setattr(call, wrong, right)
    count = len(call.receiver.stream)
    call.receiver.wait(count + 20)
    assert call.bye().status == 200


def test_prack_that_nobody_asked_for(appliance, calling):
    call = calling(appliance)
    call.invite()
    assert call.transact("PRACK", headers=["RAck: 1 1 INVITE"]).status == 481
    assert call.bye().status == 200


def test_requests_out_of_order(appliance, calling):
    """A CSeq lower than the last is 500 (RFC 3261 §12.2.2), a gap is nothing."""
    call = calling(appliance)
    call.invite()
    call.cseq = 40
    assert call.update(call.offer()).status == 200
    call.phone.send(call.text("UPDATE", call.offer(), cseq=20))
    assert call.phone.wait_response((20, "UPDATE"), call_id=call.call_id).status == 500
    count = len(call.receiver.stream)
    call.receiver.wait(count + 20)
    assert call.bye().status == 200


def test_two_changes_at_once(appliance, calling):
    """The second before the ACK of the first: answered, or 500 with Retry-After, or 491; music goes on."""
    call = calling(appliance)
    call.invite()
    call.phone.send(call.text("INVITE", call.offer("8 0")))
    call.phone.send(call.text("INVITE", call.offer("0 8")))
    second = call.phone.wait_response((3, "INVITE"), call_id=call.call_id)
    assert second.status in (200, 491, 500)
    if second.status == 500:
        assert second["retry-after"]
    call.ack(cseq=2)
    if second.status == 200:
        call.ack(cseq=3)
    else:
        call.phone.send(call.text("ACK", cseq=3, branch=call.invite_branch))
    count = len(call.receiver.stream)
    call.receiver.wait(count + 30)
    assert call.bye().status == 200


def test_a_call_outlives_its_connection(appliance, calling):
    """The phone's TCP connection breaks; it hangs up by another."""
    call = calling(appliance, transport="tcp", host=46)
    assert call.invite().status == 200
    call.receiver.wait(10)
    call.phone.close()
    count = len(call.receiver.stream)
    call.receiver.wait(count + 30)
    call.phone = Phone(appliance.namespace, appliance.namespace.address(46), transport="tcp", server=appliance.server)
    assert call.bye().status == 200
    call.to_tag = None
