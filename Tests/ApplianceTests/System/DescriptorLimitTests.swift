import Appliance
import Testing

@Suite struct DescriptorLimitTests {
    @Test func tooFewAreAnAlarmThatNamesTheKeys() throws {
        let configuration = try Configuration(
            text: "voicemail: {max-recordings: 500}\nsip: {max-connections: 100}", file: "F")
        #expect(DescriptorLimit.need(configuration) == 1856)
        #expect(DescriptorLimit(soft: 1856, hard: 4096).alarm(configuration) == nil)
        let alarm = try #require(DescriptorLimit(soft: 1024, hard: 1024).alarm(configuration))
        #expect(alarm.contains("voicemail.max-recordings"))
        #expect(alarm.contains("1024") && alarm.contains("1856"))
    }
}
