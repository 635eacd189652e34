/// A line of text of which parts stand out; without colours it is the text alone.
struct StyledText: Equatable {
  enum Style: Equatable {
    case plain, strong, faint, good, attention, bad

    /// The parameters of the terminal's SGR sequence; empty for none.
    var code: String {
      switch self {
      case .plain: ""
      case .strong: "1"
      case .faint: "2"
      case .good: "32"
      case .attention: "33"
      case .bad: "1;31"
      }
    }
  }

  struct Span: Equatable {
    var text: String
    var style: Style
  }

  private(set) var spans: [Span] = []

  init() {}

  init(_ text: String, _ style: Style = .plain) { add(text, style) }

  mutating func add(_ text: String, _ style: Style = .plain) {
    guard !text.isEmpty else { return }
    if let last = spans.last, last.style == style {
      spans[spans.count - 1].text += text
    } else {
      spans.append(Span(text: text, style: style))
    }
  }

  static func + (left: StyledText, right: StyledText) -> StyledText {
    var sum = left
    for span in right.spans { sum.add(span.text, span.style) }
    return sum
  }

  var text: String { spans.map(\.text).joined() }
  var count: Int { spans.reduce(0) { $0 + $1.text.count } }

  /// The line as a terminal shows it.
  func rendered(inColour: Bool) -> String {
    guard inColour else { return text }
    return spans.map { $0.style.code.isEmpty ? $0.text : "\u{1B}[\($0.style.code)m\($0.text)\u{1B}[0m" }.joined()
  }

  /// The same in lines of at most `width` characters, broken at spaces where there are any; lines after the first begin
  /// with `indent` spaces.
  func wrapped(to width: Int, indent: Int) -> [StyledText] {
    guard width > 0, count > width else { return [self] }
    let margin = min(indent, width / 2)
    var lines: [StyledText] = []
    var line = StyledText()
    var used = 0
    var pending = ""
    func isFull(_ length: Int) -> Bool { used + pending.count + length > width }
    for span in spans {
      for piece in Self.pieces(span.text) {
        if piece.first == " " {
          pending += piece
          continue
        }
        var rest = Substring(piece)
        if isFull(rest.count), used > margin {
          lines.append(line)
          line = StyledText(String(repeating: " ", count: margin))
          used = margin
          pending = ""
        }
        while used + pending.count + rest.count > width {
          let room = max(1, width - used - pending.count)
          line.add(pending + rest.prefix(room), span.style)
          pending = ""
          rest = rest.dropFirst(room)
          lines.append(line)
          line = StyledText(String(repeating: " ", count: margin))
          used = margin
        }
        guard !rest.isEmpty else { continue }
        line.add(pending)
        line.add(String(rest), span.style)
        used += pending.count + rest.count
        pending = ""
      }
    }
    if used > margin || lines.isEmpty { lines.append(line) }
    return lines
  }

  /// Words and the spaces between them, in turn.
  private static func pieces(_ text: String) -> [String] {
    var pieces: [String] = []
    for character in text {
      if let last = pieces.last, (last.first == " ") == (character == " ") {
        pieces[pieces.count - 1].append(character)
      } else {
        pieces.append(String(character))
      }
    }
    return pieces
  }
}
