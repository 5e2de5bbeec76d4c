// JSON as text. Enters: any text. Leaves: whether it is a JSON object.
#include "columns/json_text.hpp"

#include <simdjson.h>

namespace flatbed {

bool is_json_object(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(text.data(), text.size()).get(element) != simdjson::SUCCESS) return false;
  return element.is_object();
}

}  // namespace flatbed
