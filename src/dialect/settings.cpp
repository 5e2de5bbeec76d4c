// A dialect in words. Enters: a dialect. Leaves: text that names each setting and who chose it; control bytes are
// shown.
#include "dialect/settings.hpp"

#include <cstdio>

namespace flatbed {
namespace {

std::string sign(std::string_view text) {
  return text.empty() ? "none" : visible(text);
}

template <class T>
std::string said(const Setting<T>& setting, const std::string& text) {
  constexpr std::string_view kWho[] = {"default", "detected", "user"};
  return text + " (" + std::string(kWho[static_cast<size_t>(setting.by)]) + ")";
}

}  // namespace

std::string visible(std::string_view text) {
  std::string shown = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char hex[8];
    if (c == '\n' || c == '\r' || c == '\t') {
      shown += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      std::snprintf(hex, sizeof hex, "\\x%02x", unsigned{byte});
      shown += hex;
    } else {
      shown += c;
    }
  }
  return shown + "'";
}

std::vector<std::pair<std::string, std::string>> settings_of(const Dialect& dialect) {
  std::string nulls;
  for (const std::string& token : dialect.nulls.value) nulls += (nulls.empty() ? "" : " ") + visible(token);
  std::vector<std::pair<std::string, std::string>> settings = {
      {"delimiter", said(dialect.delimiter, sign(dialect.delimiter.value))},
      {"quote", said(dialect.quote, sign(dialect.quote.value))},
      {"escape", said(dialect.escape, sign(dialect.escape.value))},
      {"newline", said(dialect.newline, sign(dialect.newline.value))},
      {"header", said(dialect.header, dialect.header.value ? "yes" : "no")},
      {"skip_rows", said(dialect.skip_rows, std::to_string(dialect.skip_rows.value))},
      {"encoding", said(dialect.encoding, dialect.encoding.value)},
      {"nulls", said(dialect.nulls, nulls.empty() ? "none" : nulls)}};
  // What few files have is told of those alone.
  if (dialect.header_rows.value > 1)
    settings.emplace_back("header_rows", said(dialect.header_rows, std::to_string(dialect.header_rows.value)));
  if (dialect.spaces.value) settings.emplace_back("spaces", said(dialect.spaces, "layout"));
  if (!dialect.comment.empty()) settings.emplace_back("comment", visible(dialect.comment) + " (seen)");
  if (dialect.decimal == ",") settings.emplace_back("decimal", "',' (seen)");
  if (!dialect.thousands.empty()) settings.emplace_back("thousands", visible(dialect.thousands) + " (seen)");
  if (dialect.footer_rows > 0) settings.emplace_back("footer_rows", std::to_string(dialect.footer_rows) + " (seen)");
  if (dialect.tables > 1) settings.emplace_back("tables", std::to_string(dialect.tables) + ", the first is meant");
  return settings;
}

std::map<std::string, std::string> options_of(const Dialect& dialect) {
  std::string nulls;
  for (const std::string& token : dialect.nulls.value) {
    nulls += nulls.empty() ? "\"" : ",\"";
    for (const char c : token) nulls += c == '"' ? "\"\"" : std::string(1, c);
    nulls += '"';
  }
  return {{"delimiter", dialect.delimiter.value},
          {"quote", dialect.quote.value},
          {"escape", dialect.escape.value},
          {"header", dialect.header.value ? "true" : "false"},
          {"header_rows", std::to_string(dialect.header_rows.value)},
          {"skip_rows", std::to_string(dialect.skip_rows.value)},
          {"spaces", dialect.spaces.value ? "true" : "false"},
          {"encoding", dialect.encoding.value},
          {"nulls", nulls}};
}

std::string to_string(const Dialect& dialect) {
  std::string text;
  for (const auto& [name, value] : settings_of(dialect)) text += (text.empty() ? "" : ", ") + name + " " + value;
  return text;
}

}  // namespace flatbed
