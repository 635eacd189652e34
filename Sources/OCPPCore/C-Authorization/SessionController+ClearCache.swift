import OCPPTypes

extension SessionController {
  /// C11. A cache that is turned off cannot be cleared (C11.FR.04).
  func clearCache(_ call: IncomingCall) throws(MessageViolation) {
    _ = try ClearCacheRequest.decode(call.payload, version: call.version)
    func answer(_ status: ClearCacheStatus) {
      let response = ClearCacheResponse(status: status)
      call.respond { writer, version in response.encode(into: &writer, version: version) }
    }
    guard services.deviceModel.bool(.authCacheEnabled) else { return answer(.rejected) }
    authorizer.cache.clear { isDone in answer(isDone ? .accepted : .rejected) }
  }
}
