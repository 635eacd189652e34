import ChargerBase
import OCPPCore
import OCPPJSON
import OCPPTypes
import SimulatedWorld
import SimulationSupport
import Testing

/// One row of the resume table as it is played: on the whole station, from the pilot to the CSMS's books.
struct ResumeStory: Sendable, CustomTestStringConvertible {
  enum Vehicle: String, Sendable { case there, gone, swapped, unseen = "not seen" }
  enum Meter: String, Sendable { case same, behind, exchanged, silent }

  var end: WholeStation.End
  var vehicle = Vehicle.there
  var meter = Meter.same
  var away: Duration = .seconds(5)
  var stopPoint = "EVConnected,Authorized"
  var settings: [(String, String, String)] = []
  /// Nil: it goes on.
  var trigger: TriggerReason?
  var reason: StopReason?

  var testDescription: String {
    "\(end.rawValue), vehicle \(vehicle.rawValue), meter \(meter.rawValue), away \(away), TxStopPoint \(stopPoint)"
      + settings.map { ", \($0.1) \($0.2)" }.joined() + ": " + (reason.map { $0.rawName } ?? "goes on")
  }

  private static let hours = Duration.seconds(3 * 3_600)
  private static let days = Duration.seconds(3 * 86_400)

  /// What the table says of each cause, vehicle and time away.
  static let byCauseAndTime: [ResumeStory] = WholeStation.End.allCases.flatMap { end in
    [.seconds(5), hours, days].flatMap { away in
      [
        ResumeStory(
          end: end, away: away, trigger: away == days ? .abnormalCondition : nil,
          reason: away == days ? (end == .powerCut ? .powerLoss : .reboot) : nil),
        ResumeStory(end: end, vehicle: .gone, away: away, trigger: .evCommunicationLost, reason: lost(end)),
      ]
    }
  }

  static let byVehicle: [ResumeStory] = WholeStation.End.allCases.flatMap { end in
    [Vehicle.swapped, .unseen].map {
      ResumeStory(end: end, vehicle: $0, trigger: .evCommunicationLost, reason: lost(end))
    }
  }

  static let byMeter: [ResumeStory] = WholeStation.End.allCases.flatMap { end in
    [Meter.behind, .exchanged].map {
      ResumeStory(end: end, meter: $0, trigger: .abnormalCondition, reason: end == .powerCut ? .powerLoss : .other)
    } + [ResumeStory(end: end, meter: .silent)]
  }

  static let byStopPoint: [ResumeStory] = [WholeStation.End.kill, .powerCut, .clean].flatMap { end in
    ["Authorized", "EVConnected", "PowerPathClosed", "EnergyTransfer"].flatMap { point in
      [
        ResumeStory(end: end, stopPoint: point),
        ResumeStory(end: end, vehicle: .gone, stopPoint: point, trigger: .evCommunicationLost, reason: lost(end)),
      ]
    }
  }

  static let bySetting: [ResumeStory] = [
    ResumeStory(end: .powerCut, away: days, settings: [("TxCtrlr", "ResumeTimeLimit", "0")]),
    ResumeStory(
      end: .powerCut, away: hours, settings: [("TxCtrlr", "ResumeTimeLimit", "3600")], trigger: .abnormalCondition,
      reason: .powerLoss),
    ResumeStory(
      end: .clean, settings: [("TxCtrlr", "ResumeTransactions", "false")], trigger: .abnormalCondition,
      reason: .reboot),
  ]

  private static func lost(_ end: WholeStation.End) -> StopReason {
    switch end {
    case .powerCut: .powerLoss
    case .kill, .watchdog: .reboot
    case .clean: .evDisconnected
    }
  }
}

@Suite("The whole station: the resume table, row by row")
struct ResumeTableStories {
  @Test("SIGTERM, crash, power cut, watchdog; seconds, hours, days away", arguments: ResumeStory.byCauseAndTime)
  func causesAndTimes(_ story: ResumeStory) throws { try play(story) }

  @Test("A vehicle that was swapped for another, or is not seen in time", arguments: ResumeStory.byVehicle)
  func vehicles(_ story: ResumeStory) throws { try play(story) }

  @Test("A meter that was exchanged, that is behind, or silent", arguments: ResumeStory.byMeter)
  func meters(_ story: ResumeStory) throws { try play(story) }

  @Test("Each stop point, with the vehicle there and gone", arguments: ResumeStory.byStopPoint)
  func stopPoints(_ story: ResumeStory) throws { try play(story) }

  @Test("The settings of the device model", arguments: ResumeStory.bySetting)
  func settings(_ story: ResumeStory) throws { try play(story) }

  private func play(_ story: ResumeStory) throws {
    let station = try WholeStation(
      board: "bench-ac-socket",
      settings: [
        ("TxCtrlr", "TxStopPoint", story.stopPoint), ("SampledDataCtrlr", "TxUpdatedInterval", "60"),
      ] + story.settings)
    station.start()
    station.plugIn()
    station.tap()
    #expect(station.run(upTo: .seconds(10)) { station.isClosed() })
    station.run(for: .seconds(600))
    let id = try #require(station.books.first?.id)

    station.end(story.end)
    station.run(for: .seconds(2))
    let register = station.register()
    let told = lastTold(station)
    happens(story, station)
    station.restart(story.end, away: story.away)

    if let reason = story.reason {
      station.run(for: .seconds(45))
      let book = try #require(station.books.first)
      #expect(book.isEnded && book.isGapless && book.id == id)
      #expect(book.ended?.triggerReason == story.trigger)
      #expect(book.ended?.transactionInfo.stoppedReason == reason)
      #expect(station.books.count == 1, "nobody else is charged on this driver's card")
      #expect(!station.isClosed())
      let isAnother = story.meter == .behind || story.meter == .exchanged
      #expect(station.station?.explain().first?.notes.map(\.code) == (isAnother ? ["meterRegister"] : []))
      let billed = try #require(station.billed(book))
      if story.meter == .same || story.meter == .silent {
        #expect(billed == register)
      } else {
        // The meter's last register that was stored; an orderly stop stores it, a crash has that of the last event.
        #expect(try billed >= #require(told) && billed <= register)
      }
    } else {
      if story.meter == .silent {
        station.run(for: .seconds(20))
        station.fault(.meterSilent, false)
      }
      #expect(station.run(upTo: .seconds(60)) { station.isClosed() }, "energy flows again")
      station.run(for: .seconds(300))
      #expect(station.register() > register)
      station.perform(.plugOut(WholeStation.connector(1), byForce: true))
      station.run(for: .seconds(10))
      let book = try #require(station.books.first)
      #expect(station.books.count == 1 && book.id == id)
      #expect(book.isEnded && book.isGapless)
      #expect(station.billed(book) == station.register())
    }
    #expect(station.violations == [])
  }

  /// The last register that the CSMS was told before the stop.
  private func lastTold(_ station: WholeStation) -> Energy? {
    station.books.first?.entries.last { !($0.request.meterValue ?? []).isEmpty }?.request.meterValue?.last?
      .sampledValue.first { $0.measurand == .energyActiveImportRegister }.flatMap { Energy($0.value) }
  }

  private func happens(_ story: ResumeStory, _ station: WholeStation) {
    let connector = WholeStation.connector(1)
    switch story.vehicle {
    case .there: break
    case .gone: station.perform(.plugOut(connector, byForce: true))
    case .swapped:
      station.perform(.unlockByHand(connector))
      station.perform(.plugOut(connector))
      station.perform(
        .plugIn(connector, CarSpecification(), cable: CableSpecification(rating: Current(amperes: 20))))
    case .unseen: station.fault(.pilotSilent)
    }
    switch story.meter {
    case .same: break
    case .behind: station.perform(.setMeter(EVSEID(1), [.importRegister(.zero)]))
    case .exchanged: station.perform(.setMeter(EVSEID(1), [.importRegister(Energy(wattHours: 5_000_000))]))
    case .silent: station.fault(.meterSilent)
    }
  }
}
