// A dialect in words. Enters: a dialect. Leaves: text that names each setting and who chose it; control bytes are
// shown.
#include "dialect/settings.hpp"

namespace flatbed {
namespace {

std::string quoted(std::string_view text) {
  std::string shown = "'";
  for (const char c : text) {
    if (c == '\n') {
      shown += "\\n";
    } else if (c == '\r') {
      shown += "\\r";
    } else if (c == '\t') {
      shown += "\\t";
    } else {
      shown += c;
    }
  }
  return shown + "'";
}

template <class T>
std::string said(const Setting<T>& setting, const std::string& text) {
  constexpr std::string_view kWho[] = {"default", "detected", "user"};
  return text + " (" + std::string(kWho[static_cast<size_t>(setting.by)]) + ")";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> settings_of(const Dialect& dialect) {
  std::string nulls;
  for (const std::string& token : dialect.nulls.value) nulls += (nulls.empty() ? "" : " ") + quoted(token);
  return {{"delimiter", said(dialect.delimiter, quoted(dialect.delimiter.value))},
          {"quote", said(dialect.quote, quoted(dialect.quote.value))},
          {"escape", said(dialect.escape, quoted(dialect.escape.value))},
          {"newline", said(dialect.newline, quoted(dialect.newline.value))},
          {"header", said(dialect.header, dialect.header.value ? "yes" : "no")},
          {"skip_rows", said(dialect.skip_rows, std::to_string(dialect.skip_rows.value))},
          {"encoding", said(dialect.encoding, dialect.encoding.value)},
          {"nulls", said(dialect.nulls, nulls)}};
}

std::string to_string(const Dialect& dialect) {
  std::string text;
  for (const auto& [name, value] : settings_of(dialect)) text += (text.empty() ? "" : ", ") + name + " " + value;
  return text;
}

}  // namespace flatbed
