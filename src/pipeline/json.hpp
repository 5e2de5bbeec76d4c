// JSON as it is written: text, and the members of an object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flatbed {

/// Appends a JSON string. JSON must be UTF-8 and data may be anything: where `text` is not UTF-8, each byte above 0x7F
/// becomes \u00XX.
void append_json_text(std::string& json, std::string_view text);

/// Appends a JSON array of strings.
void append_json_texts(std::string& json, const std::vector<std::string>& texts);

/// Writes the members of one object; the first one has no comma before it. LIFETIME: the text outlives it.
class JsonObject {
 public:
  explicit JsonObject(std::string& json) : json_(json) { json_ += '{'; }
  ~JsonObject() { json_ += '}'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  /// Appends a member's name; the caller appends its value to what is returned.
  std::string& name(std::string_view name);
  void text(std::string_view member, std::string_view value) { append_json_text(name(member), value); }
  void number(std::string_view member, uint64_t value) { name(member) += std::to_string(value); }
  void flag(std::string_view member, bool value) { name(member) += value ? "true" : "false"; }
  /// To three places.
  void decimal(std::string_view member, double value);
  template <class T>
  void number(std::string_view member, const std::optional<T>& value) {
    if (value) number(member, *value);
  }

 private:
  std::string& json_;
};

/// Appends a JSON object of texts, from pairs of a name and a text.
template <class Pairs>
void append_json_pairs(std::string& json, const Pairs& pairs) {
  JsonObject object(json);
  for (const auto& [name, text] : pairs) object.text(name, text);
}

}  // namespace flatbed
