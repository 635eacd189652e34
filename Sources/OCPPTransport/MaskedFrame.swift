import NIOCore
import NIOWebSocket

/// One whole frame of a client in bytes (RFC 6455 §5.2), header and masked payload in one buffer.
///
/// NIOWebSocket's encoder masks byte by byte and writes the header apart; for a long answer that was a tenth of the
/// work. This masks eight bytes at a time.
enum MaskedFrame {
  /// Two bytes, a length of eight, the masking key.
  static let maximumHeaderBytes = 14

  /// - Parameter mask: must come from a source that the network cannot foresee (§5.3).
  static func encode(
    _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, mask: UInt32, allocator: ByteBufferAllocator
  ) -> ByteBuffer {
    var frame = allocator.buffer(capacity: payload.count + maximumHeaderBytes)
    // Final, no extension bits.
    frame.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
    switch payload.count {
    case ...125:
      frame.writeInteger(0x80 | UInt8(truncatingIfNeeded: payload.count))
    case ...0xFFFF:
      frame.writeInteger(UInt8(0x80 | 126))
      frame.writeInteger(UInt16(truncatingIfNeeded: payload.count))
    default:
      frame.writeInteger(UInt8(0x80 | 127))
      frame.writeInteger(UInt64(payload.count))
    }
    // The key as it lies in memory: byte i of the payload meets byte i modulo 4 of the key.
    frame.writeInteger(UInt32(bigEndian: mask))
    frame.writeWithUnsafeMutableBytes(minimumWritableBytes: payload.count) { room in
      apply(mask, to: payload, into: room)
      return payload.count
    }
    return frame
  }

  private static func apply(
    _ mask: UInt32, to payload: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
  ) {
    let pair = UInt64(mask) << 32 | UInt64(mask)
    var place = 0
    while place + 8 <= payload.count {
      let word = payload.loadUnaligned(fromByteOffset: place, as: UInt64.self) ^ pair
      room.storeBytes(of: word, toByteOffset: place, as: UInt64.self)
      place += 8
    }
    withUnsafeBytes(of: mask) { key in
      while place < payload.count {
        room[place] = payload[place] ^ key[place % 4]
        place += 1
      }
    }
  }
}
