// JSON that Flatbed wrote, as it is read back: members of an object. One that is missing, or is of another kind than is
// asked for, reads as empty.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flatbed {

std::string text_of(const simdjson::dom::object& from, std::string_view name);
std::optional<uint64_t> number_of(const simdjson::dom::object& from, std::string_view name);
bool flag_of(const simdjson::dom::object& from, std::string_view name);
/// Returns the items of an array. LIFETIME: that of the parser's document.
std::vector<simdjson::dom::element> items_of(const simdjson::dom::object& from, std::string_view name);
/// Returns the items of an array that are texts.
std::vector<std::string> texts_of(const simdjson::dom::object& from, std::string_view name);
/// Returns the names and the texts of an object's members, in their order.
std::vector<std::pair<std::string, std::string>> pairs_of(const simdjson::dom::object& from, std::string_view name);

}  // namespace flatbed
