import ChargerBase
import SimulatedWorld

/// The far end of a wire: what a program with real drivers finds at its GPIO lines, serial ports and readers is the
/// simulated world.
///
/// Lives on the world's event loop. Whatever arrives by itself calls `wake` of its making, and the server answers with
/// `step`.
protocol WorldFront: AnyObject {
  /// Takes hold of its wire. Throws `FrontError`.
  func open() throws
  /// Takes over what has come in and shows what has changed.
  func step(_ world: inout SimulatedWorld, at now: MonotonicInstant)
  /// When it wants to be stepped even if nothing happens.
  var nextInstant: MonotonicInstant { get }
  /// The faults that its wire can show.
  var faults: [WireFault] { get }
  func set(_ fault: WireFault, active: Bool, evse: EVSEID?)
  func close()
}

/// A wire that could not be had: what, and why.
package struct FrontError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}

/// What goes wrong between a station and its parts; `bench.fault` names them beside the world's own faults.
enum WireFault: String, Sendable, CaseIterable {
  // On the wire of a meter.
  case busSilent, busWrongCheck, busGarbage, busHalfFrame, busSlowBytes, busException, busWrongSlave, busUnplugged
  // In a meter that signs: it never does, or its new set takes the place of the last while that is read.
  case meterNeverSigns, meterReplacesSet
  // On the wire of a companion controller.
  case controllerSilent, controllerDeaf, controllerHangs, controllerWrongCheck, controllerGarbage
  case controllerLosesFrames, controllerRubbishMeasurements, controllerResets, controllerOtherProtocol
  case controllerUnplugged, controllerDoublesFrames, controllerSwapsFrames
  /// What the station sends lies there for a while before it is heard.
  case controllerLags
  // At a card reader.
  case cardRefusesIdentifier, cardShortIdentifier, cardTornAnswer, cardSilent, cardTakenDuringCommand, cardUnknown
}
