// Members of JSON objects. Enters: an object that a parser holds. Leaves: values of our own.
#include "pipeline/json_members.hpp"

namespace flatbed {

using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

std::string text_of(const object& from, std::string_view name) {
  std::string_view text;
  return from[name].get(text) == SUCCESS ? std::string(text) : std::string();
}

std::optional<uint64_t> number_of(const object& from, std::string_view name) {
  uint64_t number = 0;
  return from[name].get(number) == SUCCESS ? std::optional(number) : std::nullopt;
}

bool flag_of(const object& from, std::string_view name) {
  bool flag = false;
  return from[name].get(flag) == SUCCESS && flag;
}

std::vector<element> items_of(const object& from, std::string_view name) {
  std::vector<element> items;
  array found;
  if (from[name].get(found) != SUCCESS) return items;
  for (const element item : found) items.push_back(item);
  return items;
}

std::vector<std::string> texts_of(const object& from, std::string_view name) {
  std::vector<std::string> texts;
  for (const element item : items_of(from, name)) {
    std::string_view text;
    if (item.get(text) == SUCCESS) texts.emplace_back(text);
  }
  return texts;
}

std::vector<std::pair<std::string, std::string>> pairs_of(const object& from, std::string_view name) {
  std::vector<std::pair<std::string, std::string>> pairs;
  object members;
  if (from[name].get(members) != SUCCESS) return pairs;
  for (const auto& [key, value] : members) {
    std::string_view text;
    if (value.get(text) == SUCCESS) pairs.emplace_back(key, text);
  }
  return pairs;
}

}  // namespace flatbed
