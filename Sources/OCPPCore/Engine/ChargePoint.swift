import ChargerBase
import OCPPPorts
import OCPPTypes

public final class ChargePoint {
}
