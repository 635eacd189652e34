import ChargerBase
import JSONRPC
import OCPPJSON

/// The files that outlive a run: the token book with the prices, and beside it what the stations hold as local lists.
struct Documents {
  var book: DocumentFile?

  init(bookPath: String? = nil) { book = bookPath.map { DocumentFile(path: $0) } }

  private var lists: DocumentFile? { book.map { DocumentFile(path: $0.path + ".lists") } }

  /// Reads both into `answers` and `keeper`; words when the book is wrong. A missing book is made at once.
  func load(_ answers: inout StationAnswers, _ keeper: inout LocalListKeeper) -> String? {
    guard let book else { return nil }
    do throws(DocumentFile.Failure) {
      guard let document = try book.read() else { return saveBook(answers) }
      if let words = Self.take(document, &answers) { return "\(book.path): \(words)" }
      if let document = try lists?.read() { keeper.take(document) }
    } catch {
      return error.words
    }
    return nil
  }

  private static func take(_ document: JSONValue, _ answers: inout StationAnswers) -> String? {
    do throws(JSONRPCError) {
      let params = JSONRPCParameters(document, path: JSONPath([]))
      try answers.tokens.take(params)
      if let prices = try params.optionalObject("prices") { try answers.prices.change(prices) }
      return nil
    } catch {
      return error.message
    }
  }

  func saveBook(_ answers: StationAnswers) -> String? {
    var document = answers.tokens.json
    document["prices"] = answers.prices.json
    return Self.words { () throws(DocumentFile.Failure) in try book?.write(document) }
  }

  func saveLists(_ keeper: LocalListKeeper) -> String? {
    Self.words { () throws(DocumentFile.Failure) in try lists?.write(keeper.json) }
  }

  private static func words(_ body: () throws(DocumentFile.Failure) -> Void) -> String? {
    do throws(DocumentFile.Failure) {
      try body()
      return nil
    } catch {
      return error.words
    }
  }
}
