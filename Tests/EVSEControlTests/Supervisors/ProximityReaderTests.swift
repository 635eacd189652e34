import ChargerBase
import EVSEControl
import HAL
import Testing

@Suite("Proximity reader")
struct ProximityReaderTests {
  private struct Contact {
    let timing = TimingTable()
    var bands = ProximityBands()
    var reader = ProximityReader(at: .zero)
    var now = MonotonicInstant.zero
    var vehicle = false

    mutating func show(_ ohms: Int64?) {
      reader.take(ProximityMeasurement(resistance: ohms.map { Resistance(ohms: $0) }, takenAt: now))
      judge()
    }

    mutating func judge() { reader.evaluate(at: now, timing: timing, bands: bands, vehicleIsConnected: vehicle) }

    mutating func run(for duration: Duration) {
      let end = now + duration
      while true {
        var deadline = Deadline(after: now)
        reader.deadlines(&deadline, timing: timing)
        guard deadline.soonest <= end else { break }
        now = deadline.soonest
        judge()
      }
      now = end
      judge()
    }
  }

  @Test(
    "A resistance stands for the cable of its band, both ends included (IEC 61851-1 Annex B)",
    arguments: [
      (1_500, 13), (1_100, 13), (2_460, 13), (680, 20), (400, 20), (936, 20), (220, 32), (164, 32), (308, 32),
      (100, 63),
      (80, 63), (140, 63),
    ] as [(Int64, Int64)])
  func bands(ohms: Int64, amperes: Int64) {
    #expect(ProximityBands().cable(at: Resistance(ohms: ohms)) == .rated(Current(amperes: amperes)))
  }

  @Test(
    "Between two bands it is the lower rating, or a fault where the profile says so",
    arguments: [(1_000, 13), (350, 20), (150, 32)] as [(Int64, Int64)])
  func between(ohms: Int64, amperes: Int64) {
    var bands = ProximityBands()
    #expect(bands.cable(at: Resistance(ohms: ohms)) == .rated(Current(amperes: amperes)))
    bands.betweenBands = .fault
    #expect(bands.cable(at: Resistance(ohms: ohms)) == .invalid)
  }

  @Test("A short and a resistance above the lowest rating are no cable; an open contact is no plug")
  func ends() {
    let bands = ProximityBands()
    for ohms in [0, 1, 79, 2_461, 4_500] as [Int64] {
      #expect(bands.cable(at: Resistance(ohms: ohms)) == .invalid, "\(ohms)")
    }
    #expect(bands.cable(at: Resistance(ohms: 4_501)) == .none)
    #expect(bands.cable(at: nil) == .none)
  }

  @Test("Every resistance gives at most the rating of the next band down, whatever the order of the bands")
  func neverTooMuch() {
    var bands = ProximityBands()
    bands.bands.reverse()
    var last: Current?
    for ohms in stride(from: Int64(4_500), through: 0, by: -1) {
      guard case .rated(let rating) = bands.cable(at: Resistance(ohms: ohms)) else { continue }
      #expect(rating >= last ?? .zero)
      last = rating
    }
    #expect(last == Current(amperes: 63))
  }

  @Test("A cable counts after it has been seen for 200 ms; a glitch does not")
  func filter() {
    var contact = Contact()
    contact.show(nil)
    #expect(contact.reader.cable == .unknown)
    contact.run(for: .milliseconds(200))
    #expect(contact.reader.cable == .none)
    contact.show(220)
    contact.run(for: .milliseconds(199))
    #expect(contact.reader.cable == .none)
    contact.run(for: .milliseconds(1))
    #expect(contact.reader.cable == .rated(Current(amperes: 32)))
    #expect(contact.reader.rating == Current(amperes: 32))
    contact.show(680)
    contact.run(for: .milliseconds(199))
    contact.show(225)
    contact.run(for: .seconds(1))
    #expect(contact.reader.cable == .rated(Current(amperes: 32)))
  }

  @Test("A short is a fault as long as it lasts")
  func short() {
    var contact = Contact()
    contact.show(0)
    contact.run(for: .milliseconds(200))
    #expect(contact.reader.faults == FaultSet(.proximityInvalid))
    #expect(contact.reader.rating == nil)
    contact.show(nil)
    contact.run(for: .milliseconds(200))
    #expect(contact.reader.faults.isEmpty)
  }

  @Test("A vehicle that is connected while the contact shows no plug is a fault after 2 s, until it has left")
  func noCable() {
    var contact = Contact()
    contact.show(nil)
    contact.run(for: .seconds(10))
    contact.vehicle = true
    contact.judge()
    contact.run(for: .milliseconds(1_999))
    #expect(contact.reader.faults.isEmpty)
    contact.run(for: .milliseconds(1))
    #expect(contact.reader.faults == FaultSet(.proximityInvalid))
    contact.vehicle = false
    contact.judge()
    #expect(contact.reader.faults.isEmpty)
  }

  @Test("A silent driver leaves no rating; never read it is silent after 2 s")
  func silence() {
    var contact = Contact()
    contact.run(for: .milliseconds(1_999))
    #expect(contact.reader.faults.isEmpty)
    contact.run(for: .milliseconds(1))
    #expect(contact.reader.faults == FaultSet(.proximityDriverSilent))
    contact.show(220)
    contact.run(for: .milliseconds(200))
    #expect(contact.reader.rating == Current(amperes: 32))
    contact.reader.setAlive(false, at: contact.now)
    contact.show(220)
    contact.run(for: .seconds(1))
    #expect(contact.reader.cable == .unknown)
    #expect(contact.reader.faults == FaultSet(.proximityDriverSilent))
    contact.reader.setAlive(true, at: contact.now)
    contact.show(220)
    contact.run(for: .milliseconds(200))
    #expect(contact.reader.rating == Current(amperes: 32))
    #expect(contact.reader.faults.isEmpty)
  }
}
