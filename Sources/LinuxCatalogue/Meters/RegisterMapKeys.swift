import BoardProfile

// Every key that a register map may have; `boards/README.md` has a table for each, and a test compares them.

package enum RegisterMapKey: String, ProfileKey {
  case name, maker, model, source, functionCode, wordOrder, registersPerRequest, joinGapRegisters, registerMaximumWh
  case notAvailable, groups, probes, registers
}

package enum RegisterPatternKey: String, ProfileKey {
  case type, pattern
}

package enum RegisterGroupKey: String, ProfileKey {
  case name, intervalMilliseconds
}

package enum RegisterProbeKey: String, ProfileKey {
  case name, functionCode, address, type, wordOrder, scale, unit, from, to, registers, startsWith, serial
}

package enum RegisterKey: String, ProfileKey {
  case functionCode, address, type, wordOrder, scale, exponentAddress, notAvailable, measurand, phase, location, unit
  case group
}
