import HALConformance
import Testing

extension ConformanceCheck: CustomTestStringConvertible {
  public var testDescription: String { description }
}
