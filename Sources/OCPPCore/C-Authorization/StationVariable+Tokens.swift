import ChargerBase
import OCPPPorts
import OCPPTypes

// The variables of authorization that `TokenAuthorizer`, the cache and the local list obey.

extension StationVariable {
  var tokenDefinition: VariableDefinition? {
    let boolean = VariableCharacter(.boolean)
    func bytes(_ maximum: Int) -> VariableCharacter {
      VariableCharacter(.integer, minimum: 0, maximum: Decimal(Int64(maximum)))
    }
    let list = "LocalAuthListCtrlr"
    let cache = "AuthCacheCtrlr"
    return switch self {
    case .disableRemoteAuthorization:
      .init("AuthCtrlr", "DisableRemoteAuthorization", boolean, .readWrite, "false")
    case .masterPassGroupId:
      // Empty: no group may stop everybody's transactions.
      .init("AuthCtrlr", "MasterPassGroupId", .init(.string, maximum: 36), .readWrite, "")
    case .authCacheAvailable: .init(cache, "Available", boolean, .readOnly, "true")
    case .authCacheEnabled: .init(cache, "Enabled", boolean, .readWrite, "true")
    case .authCacheLifeTime: .init(cache, "LifeTime", Self.seconds(from: 0), .readWrite, "86400")
    case .authCachePolicy:
      // CUSTOM: refused tokens make room first, then those that were used longest ago.
      .init(cache, "Policy", .init(.optionList, members: ["CUSTOM", "LRU", "FIFO"]), .readWrite, "CUSTOM")
    case .authCacheDisablePostAuthorize: .init(cache, "DisablePostAuthorize", boolean, .readWrite, "false")
    case .authCacheStorage: .init(cache, "Storage", bytes(TokenLimits.maximumCacheBytes), .readOnly, "0")
    case .localListAvailable: .init(list, "Available", boolean, .readOnly, "true")
    case .localListEnabled: .init(list, "Enabled", boolean, .readWrite, "true")
    case .localListEntries:
      .init(
        list, "Entries", .init(.integer, minimum: 0, maximum: Decimal(Int64(TokenLimits.maximumListEntries))),
        .readOnly, "0")
    case .localListItemsPerMessage:
      .init(
        list, "ItemsPerMessage", .init(.integer, minimum: 1), .readOnly, String(LocalListBlock.itemsPerMessage))
    case .localListBytesPerMessage:
      // As many as a frame may have.
      .init(list, "BytesPerMessage", .init(.integer, minimum: 1), .readOnly, "1048576")
    case .localListStorage: .init(list, "Storage", bytes(TokenLimits.maximumListBytes), .readOnly, "0")
    case .localListSupportsExpiryDateTime: .init(list, "SupportsExpiryDateTime", boolean, .readOnly, "true")
    case .localListDisablePostAuthorize: .init(list, "DisablePostAuthorize", boolean, .readWrite, "false")
    default: nil
    }
  }
}
