import SIP
import Testing

struct OfferExchangeTests {
    @Test func anOfferWhileOursIsOutIs491() {
        var exchange = OfferExchange()
        #expect(exchange.sendOffer(by: .invite) == true)
        #expect(exchange.receiveOffer(by: .update) == .requestPending)
        #expect(exchange.localOffer == .invite)
        exchange.settle()
        #expect(exchange.receiveOffer(by: .update) == nil)
    }

    @Test func anOfferBeforeTheLastIsAnsweredIs500() {
        var exchange = OfferExchange()
        #expect(exchange.receiveOffer(by: .invite) == nil)
        #expect(exchange.receiveOffer(by: .update) == .tooEarly)
        #expect(exchange.sendOffer(by: .update) == false)
        exchange.settle()
        #expect(exchange.isStable)
    }
}
