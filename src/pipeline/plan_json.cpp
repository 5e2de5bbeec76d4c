// Plans and receipts as values. Enters: a plan, or JSON of one. Leaves: the other. Invariant: what is written holds no
// secret, and reads back as the same plan.
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "flatbed/pipeline.hpp"
#include "pipeline/json.hpp"
#include "pipeline/json_members.hpp"
#include "pipeline/receipt_json.hpp"

namespace flatbed {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

bool is_secret(const Registry& registry, const std::string& scheme, const std::string& option) {
  for (const Connector& connector : registry.connectors()) {
    if (std::find(connector.schemes.begin(), connector.schemes.end(), scheme) == connector.schemes.end()) continue;
    return std::any_of(connector.options.begin(), connector.options.end(),
                       [&](const OptionSpec& spec) { return spec.secret && spec.name == option; });
  }
  return false;
}

// The address with its secrets left out, not replaced: it is used again.
std::string without_secrets(const std::string& text) {
  auto uri = parse_uri(text);
  if (!uri || uri->shown == text) return text;
  std::string plain = uri->shown;
  for (size_t at = 0; (at = plain.find("***")) != std::string::npos;) {
    size_t begin = at, end = at + 3;
    if (at > 0 && plain[at - 1] == ':') {
      --begin;
    } else {
      begin = plain.find_last_of("?&", at) + 1;
      if (end < plain.size() && plain[end] == '&') ++end;
    }
    plain.erase(begin, end - begin);
  }
  if (plain.ends_with('?') || plain.ends_with('&')) plain.pop_back();
  return plain;
}

void append_endpoint(std::string& json, const Endpoint& endpoint, const Registry& registry) {
  JsonObject object(json);
  object.text("uri", without_secrets(endpoint.uri));
  const auto uri = parse_uri(endpoint.uri);
  std::vector<std::pair<std::string, std::string>> options;
  for (const auto& [name, value] : endpoint.options) {
    if (!uri || !is_secret(registry, uri->scheme, name)) options.emplace_back(name, value);
  }
  append_json_pairs(object.name("options"), options);
}

std::optional<Endpoint> endpoint_of(const object& from, std::string_view name) {
  object found;
  if (from[name].get(found) != simdjson::SUCCESS) return std::nullopt;
  Endpoint endpoint{.uri = text_of(found, "uri")};
  for (auto& [key, value] : pairs_of(found, "options")) endpoint.options.emplace(key, std::move(value));
  return endpoint;
}

constexpr std::pair<OnReject, std::string_view> kPolicies[] = {
    {OnReject::kFail, "fail"}, {OnReject::kSkip, "skip"}, {OnReject::kDivert, "divert"}};

Error not_json(const char* what) {
  return {.code = Code::kUsage,
          .message = std::string("the text is not the JSON of a ") + what,
          .expected = std::string("a ") + what + " that Flatbed has written"};
}

}  // namespace

std::string to_json(const Plan& plan, const Registry& registry) {
  std::string json;
  {
    JsonObject object(json);
    append_endpoint(object.name("source"), plan.source, registry);
    append_endpoint(object.name("target"), plan.target, registry);
    append_json_texts(object.name("columns"), plan.columns);
    append_json_pairs(object.name("rename"), plan.rename);
    append_json_pairs(object.name("types"), plan.types);
    if (plan.rejects) append_endpoint(object.name("rejects"), *plan.rejects, registry);
    object.text("on_reject", kPolicies[static_cast<size_t>(plan.on_reject)].second);
    object.number("max_rejects", plan.max_rejects);
    std::string& limits = object.name("limits");
    limits += '[';
    for (const RejectLimit& limit : plan.limits) {
      if (limits.back() != '[') limits += ", ";
      JsonObject members(limits);
      members.text("kind", limit.kind);
      members.number("rows", limit.rows);
      char share[32];  // the shortest text that reads back as the same number
      members.name("share").append(share, std::to_chars(share, share + sizeof share, limit.share).ptr);
    }
    limits += ']';
    object.text("quarantine", plan.quarantine);
    object.flag("strict", plan.strict);
    object.number("memory", plan.memory_limit);
  }
  return json;
}

Result<Plan> plan_from_json(std::string_view json) {
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS) return not_json("plan");
  const auto source = endpoint_of(root, "source"), target = endpoint_of(root, "target");
  if (!source || !target) return not_json("plan");
  Plan plan{.source = *source, .target = *target, .rename = pairs_of(root, "rename"), .types = pairs_of(root, "types")};
  plan.columns = texts_of(root, "columns");
  plan.rejects = endpoint_of(root, "rejects");
  const std::string policy = text_of(root, "on_reject");
  for (const auto& [value, name] : kPolicies) {
    if (name == policy) plan.on_reject = value;
  }
  plan.max_rejects = number_of(root, "max_rejects").value_or(plan.max_rejects);
  for (const element limit : items_of(root, "limits")) {
    object found;
    if (limit.get(found) != simdjson::SUCCESS) continue;
    double share = 1;
    if (found["share"].get(share) != simdjson::SUCCESS) share = 1;
    plan.limits.push_back({text_of(found, "kind"), number_of(found, "rows").value_or(UINT64_MAX), share});
  }
  plan.quarantine = text_of(root, "quarantine");
  plan.strict = flag_of(root, "strict");
  plan.memory_limit = number_of(root, "memory").value_or(plan.memory_limit);
  return plan;
}

Result<Receipt> receipt_from_json(std::string_view json) {
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS || !number_of(root, "read")) {
    return not_json("receipt");
  }
  const auto count_of = [](const object& from, const char* name) { return number_of(from, name).value_or(0); };
  Receipt receipt{.source = text_of(root, "source"),
                  .target = text_of(root, "target"),
                  .read = count_of(root, "read"),
                  .loaded = count_of(root, "loaded"),
                  .rejected = count_of(root, "rejected"),
                  .duplicate = count_of(root, "duplicate"),
                  .filtered = count_of(root, "filtered")};
  receipt.load = text_of(root, "load");
  receipt.version = text_of(root, "version");
  if (object plan; root["plan"].get(plan) == simdjson::SUCCESS) receipt.plan = simdjson::minify(plan);
  for (const element file : items_of(root, "files")) {
    object found;
    if (file.get(found) != simdjson::SUCCESS) continue;
    receipt.files.push_back({text_of(found, "path"), count_of(found, "bytes"), text_of(found, "sha256")});
  }
  for (const element block : items_of(root, "block_list")) {
    object found;
    if (block.get(found) != simdjson::SUCCESS) continue;
    receipt.block_list.push_back({.number = count_of(found, "number"),
                                  .first_record = count_of(found, "first_record"),
                                  .records = count_of(found, "records"),
                                  .byte_begin = count_of(found, "byte_begin"),
                                  .byte_end = count_of(found, "byte_end"),
                                  .rows = count_of(found, "rows"),
                                  .token = text_of(found, "token"),
                                  .hash = text_of(found, "hash"),
                                  .split = text_of(found, "split"),
                                  .acknowledged = true});
  }
  return receipt;
}

}  // namespace flatbed
