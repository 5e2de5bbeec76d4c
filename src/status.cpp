// Errors as text. Enters: an Error. Leaves: what a person reads, and the exit code of the command.
#include "flatbed/status.hpp"

#include <simdjson.h>

#include <algorithm>

namespace flatbed {
namespace {

std::string place(const Location& where) {
  std::string text = where.uri;
  if (where.line) text += (text.empty() ? "line " : ":") + std::to_string(*where.line);
  if (where.column) {
    text += (text.empty() ? "column " : ", column ") + std::to_string(*where.column + 1);
    if (!where.column_name.empty()) text += " \"" + where.column_name + "\"";
  }
  if (where.byte)
    text += (text.empty() ? "byte " : " (byte ") + std::to_string(*where.byte) + (text.empty() ? "" : ")");
  return text;
}

// A part of a record on one line, and the columns of the line in which its fault stands.
struct Excerpt {
  std::string text{};
  size_t begin = 0, end = 0;
};

bool continues_letter(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Appends a byte as it can be shown; returns how many columns of a line it takes. Control bytes would move the
// terminal's cursor or hide the fault.
size_t append_shown(std::string& text, char c, bool utf8) {
  constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  const size_t before = text.size();
  if (c == '\n')
    text += "\\n";
  else if (c == '\r')
    text += "\\r";
  else if (c == '\t')
    text += "\\t";
  else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8))
    text += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
  else
    text += c;
  return continues_letter(c) && utf8 ? 0 : text.size() - before;
}

// A long record would hide the message: what is around the fault is enough.
Excerpt excerpt_of(const Error& error) {
  constexpr size_t kMost = 160, kBefore = 60;
  constexpr std::string_view kMore = "...";
  const std::string_view raw = error.raw;
  const bool utf8 = simdjson::validate_utf8(raw.data(), raw.size());
  size_t from = raw.size() > kMost && error.fault_at > kBefore ? error.fault_at - kBefore : 0;
  while (from > 0 && continues_letter(raw[from])) --from;
  size_t to = std::min(raw.size(), from + kMost);
  while (to < raw.size() && continues_letter(raw[to])) ++to;
  Excerpt excerpt{.text = std::string(from > 0 ? kMore : "")};
  size_t column = excerpt.text.size();
  const size_t fault_end = error.fault_at + error.fault_bytes;
  for (size_t at = from; at < to; ++at) {
    if (at == error.fault_at) excerpt.begin = column;
    column += append_shown(excerpt.text, raw[at], utf8);
    if (at < fault_end) excerpt.end = column;
  }
  if (error.fault_at >= to) excerpt.begin = column;
  excerpt.end = std::max(excerpt.end, excerpt.begin + 1);
  if (to < raw.size()) excerpt.text += std::string(kMore) + " (" + std::to_string(raw.size()) + " bytes)";
  return excerpt;
}

// The record under the number of its line, with a mark under the fault.
std::string shown_record(const Error& error) {
  const Excerpt excerpt = excerpt_of(error);
  const std::string margin = "\n  " + (error.where.line ? std::to_string(*error.where.line) : "record") + " | ";
  std::string text = margin + excerpt.text;
  if (error.fault_bytes > 0)
    text += "\n" + std::string(margin.size() - 1 + excerpt.begin, ' ') + std::string(excerpt.end - excerpt.begin, '^');
  return text;
}

}  // namespace

std::string to_string(const Error& error) {
  std::string text(code_name(error.code));
  const std::string where = place(error.where);
  if (!where.empty()) text += "  " + where;
  text += "\n  " + error.message;
  if (!error.raw.empty()) text += shown_record(error);
  if (!error.expected.empty()) text += "\n  expected: " + error.expected;
  // Where nothing more is known, the catalogue tells what to do.
  const std::string_view action = catalogue()[static_cast<size_t>(error.code)].action;
  text += "\n  fix: " + (error.hint.empty() ? std::string(action) : error.hint);
  return text;
}

int exit_code(const Error& error) noexcept {
  switch (error.code) {
    case Code::kOk:
      return 0;
    case Code::kUsage:
    case Code::kUnknownOption:
    case Code::kBadOption:
    case Code::kBadUri:
    case Code::kUnknownScheme:
    case Code::kUnknownColumn:
    case Code::kBadType:
      return 1;
    case Code::kTooManyRejects:
      return 3;
    case Code::kCancelled:
      return 6;
    default:
      return error.side == Side::kTarget ? 5 : 4;
  }
}

Exception::Exception(Error error)
    : std::runtime_error(to_string(error)), error_(std::make_shared<const Error>(std::move(error))) {}

}  // namespace flatbed
