// JSON as it is written. Enters: text and numbers. Leaves: valid JSON, which is valid UTF-8.
#include "pipeline/json.hpp"

#include <simdjson.h>

#include <charconv>

namespace flatbed {

void append_json_text(std::string& json, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  const bool utf8 = simdjson::validate_utf8(text.data(), text.size());
  json += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      json += {'\\', c};
    else if (c == '\n')
      json += "\\n";
    else if (byte < 0x20 || byte == 0x7f || (!utf8 && byte >= 0x80))
      json += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
    else
      json += c;
  }
  json += '"';
}

void append_json_texts(std::string& json, const std::vector<std::string>& texts) {
  json += '[';
  for (const std::string& text : texts) {
    if (json.back() != '[') json += ", ";
    append_json_text(json, text);
  }
  json += ']';
}

std::string& JsonObject::name(std::string_view name) {
  if (json_.back() != '{') json_ += ", ";
  append_json_text(json_, name);
  json_ += ": ";
  return json_;
}

void JsonObject::decimal(std::string_view member, double value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 3).ptr;
  name(member).append(digits, end);
}

}  // namespace flatbed
