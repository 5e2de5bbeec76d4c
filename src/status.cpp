// Errors as text. Enters: an Error. Leaves: what a person reads, and the exit code of the command.
#include "flatbed/status.hpp"

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

// Control bytes would move the terminal's cursor or hide the fault; a long record would hide the message.
std::string visible(std::string_view raw) {
  constexpr size_t kMost = 160;
  std::string text;
  for (const char c : raw.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    constexpr char kHex[] = "0123456789abcdef";
    if (c == '\n')
      text += "\\n";
    else if (c == '\r')
      text += "\\r";
    else if (c == '\t')
      text += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
      text += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    else
      text += c;
  }
  if (raw.size() > kMost) text += "... (" + std::to_string(raw.size()) + " bytes)";
  return text;
}

}  // namespace

std::string to_string(const Error& error) {
  std::string text(code_name(error.code));
  const std::string where = place(error.where);
  if (!where.empty()) text += "  " + where;
  text += "\n  " + error.message;
  if (!error.raw.empty()) text += "\n  record: " + visible(error.raw);
  if (!error.expected.empty()) text += "\n  expected: " + error.expected;
  if (!error.hint.empty()) text += "\n  fix: " + error.hint;
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
