// Options of an endpoint. Enters: names and values as text. Leaves: values that their specs allow.
#include <algorithm>
#include <charconv>

#include "flatbed/registry.hpp"

namespace flatbed {
namespace {

bool as_flag(std::string_view text, bool& flag) {
  flag = text == "true" || text == "1" || text == "yes" || text == "on" || text.empty();
  return flag || text == "false" || text == "0" || text == "no" || text == "off";
}

// Reads a count with an optional unit of bytes; false when the text is no such number or too large.
bool as_count(std::string_view text, bool units, uint64_t& count) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) return false;
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (unit.empty()) return true;
  if (!units) return false;
  if (unit.ends_with("iB")) unit.remove_suffix(2);
  const size_t power = std::string_view("KMGT").find(unit);
  if (unit.size() != 1 || power == std::string_view::npos) return false;
  const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
  if (count > (UINT64_MAX >> shift)) return false;
  count <<= shift;
  return true;
}

bool is_choice(std::string_view choices, std::string_view value) {
  while (!choices.empty()) {
    const size_t bar = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, bar) == value) return true;
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
}

// Returns what the option would have taken, or "" when the value is right.
std::string expected_of(const OptionSpec& spec, const std::string& value) {
  bool flag = false;
  uint64_t count = 0;
  switch (spec.type) {
    case OptionType::kFlag:
      return as_flag(value, flag) ? "" : "true or false";
    case OptionType::kCount:
      return as_count(value, false, count) ? "" : "a whole number";
    case OptionType::kBytes:
      return as_count(value, true, count) ? "" : "a number of bytes such as 64M or 1G";
    case OptionType::kSeconds:
      return as_count(value, false, count) ? "" : "a whole number of seconds";
    case OptionType::kChoice:
      return is_choice(spec.choices, value) ? "" : "one of " + std::string(spec.choices);
    case OptionType::kText:
    case OptionType::kNames:
      return "";
  }
  return "";
}

bool serves(const OptionSpec& spec, Use use) {
  return (static_cast<unsigned>(spec.use) & static_cast<unsigned>(use)) != 0;
}

}  // namespace

std::string_view option_type_name(OptionType type) noexcept {
  constexpr std::string_view kNames[] = {"text", "flag", "count", "bytes", "seconds", "choice", "names"};
  return kNames[static_cast<size_t>(type)];
}

Result<Options> Options::check(std::span<const OptionSpec> specs, const std::map<std::string, std::string>& given,
                               Use use) {
  Options options;
  std::vector<std::string> names;
  for (const OptionSpec& spec : specs) {
    if (!serves(spec, use)) continue;
    names.emplace_back(spec.name);
    options.values_.emplace(spec.name, spec.default_text);
  }
  for (const auto& [name, value] : given) {
    // A name may stand for one thing in reading and for another in writing, so the use is part of it.
    const auto spec = std::find_if(specs.begin(), specs.end(),
                                   [&](const OptionSpec& known) { return known.name == name && serves(known, use); });
    if (spec == specs.end()) {
      const std::string near = nearest_name(name, names);
      return Error{.code = Code::kUnknownOption,
                   .message = std::string(use == Use::kRead    ? "no option for reading"
                                          : use == Use::kWrite ? "no option for writing"
                                                               : "no option of a run") +
                              " has the name \"" + name + "\"",
                   .hint = near.empty() ? "list them with: flatbed connectors" : "did you mean \"" + near + "\"?"};
    }
    if (const std::string expected = expected_of(*spec, value); !expected.empty()) {
      return Error{.code = Code::kBadOption,
                   .message = "option \"" + name + "\" cannot be " + (spec->secret ? "that" : "\"" + value + "\""),
                   .expected = expected};
    }
    options.values_[name] = value;
    options.given_[name] = true;
  }
  return options;
}

bool Options::given(std::string_view name) const noexcept {
  return given_.find(name) != given_.end();
}

const std::string& Options::text(std::string_view name) const {
  static const std::string kNone;
  const auto found = values_.find(name);
  return found == values_.end() ? kNone : found->second;
}

bool Options::flag(std::string_view name) const {
  bool flag = false;
  const std::string& value = text(name);
  // An option that is given without a value is switched on; one that is not given has its default.
  return (given(name) || !value.empty()) && as_flag(value, flag) && flag;
}

uint64_t Options::count(std::string_view name) const {
  uint64_t count = 0;
  const std::string& value = text(name);
  return !value.empty() && as_count(value, true, count) ? count : 0;
}

std::vector<std::string> Options::names(std::string_view name) const {
  std::vector<std::string> names;
  const std::string& value = text(name);
  if (value.empty()) return names;
  std::string current;
  bool quoted = false;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '"' && quoted && i + 1 < value.size() && value[i + 1] == '"') {
      current += value[++i];
    } else if (c == '"' && (quoted || current.empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      names.push_back(std::move(current));
      current.clear();
    } else {
      current += c;
    }
  }
  names.push_back(std::move(current));
  return names;
}

}  // namespace flatbed
