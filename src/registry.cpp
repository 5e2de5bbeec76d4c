// The table of connectors. Enters: an endpoint. Leaves: the source or sink that serves it, its options checked.
#include "flatbed/registry.hpp"

#include <algorithm>

namespace flatbed {

#define FLATBED_CONNECTOR(function) Connector function();
#include "builtin_connectors.inc"
#undef FLATBED_CONNECTOR

Registry Registry::with_builtins() {
  Registry registry;
#define FLATBED_CONNECTOR(function) registry.connectors_.push_back(function());
#include "builtin_connectors.inc"
#undef FLATBED_CONNECTOR
  return registry;
}

Status Registry::add(Connector connector) {
  for (const Connector& known : connectors_) {
    for (const std::string_view scheme : connector.schemes) {
      if (std::find(known.schemes.begin(), known.schemes.end(), scheme) == known.schemes.end()) continue;
      return Error{.code = Code::kUsage,
                   .message = "scheme \"" + std::string(scheme) + "\" is served already by connector \"" +
                              std::string(known.name) + "\""};
    }
  }
  connectors_.push_back(std::move(connector));
  return {};
}

namespace {

bool has_format(const Connector& connector, std::string_view format) {
  for (const OptionSpec& option : connector.options) {
    if (option.name != "format") continue;
    const std::string choices = "|" + std::string(option.choices) + "|";
    return choices.find("|" + std::string(format) + "|") != std::string::npos;
  }
  return false;
}

}  // namespace

// The connector of a scheme. Files are shared: the format that was given decides, then the name's ending.
const Connector* Registry::serving(const Uri& uri, const Endpoint& endpoint) const {
  const Connector* serves = nullptr;
  for (const Connector& connector : connectors_) {
    const auto& schemes = connector.schemes;
    if (std::find(schemes.begin(), schemes.end(), uri.scheme) != schemes.end()) serves = &connector;
  }
  if (uri.scheme != "file") return serves;
  const auto given = endpoint.options.find("format");
  for (const Connector& connector : connectors_) {
    for (const std::string_view ending : connector.endings) {
      const bool wanted = given == endpoint.options.end() || given->second == "auto"
                              ? uri.path.ends_with(ending)
                              : has_format(connector, given->second);
      if (wanted) return &connector;
    }
  }
  return serves;
}

Result<Registry::Found> Registry::find(const Endpoint& endpoint, Use use) const {
  auto uri = parse_uri(endpoint.uri);
  if (!uri) return std::move(uri).error();
  if (const Connector* connector = serving(*uri, endpoint)) {
    std::map<std::string, std::string> given = uri->query;
    for (const auto& [name, value] : endpoint.options) given[name] = value;
    auto options = Options::check(connector->options, given, use);
    if (!options) {
      Error error = std::move(options).error();
      error.where.uri = uri->shown;
      return error;
    }
    options->set_tokens(endpoint.tokens);
    return Found{connector, std::move(*uri), std::move(*options)};
  }
  std::vector<std::string> schemes;
  for (const Connector& connector : connectors_) {
    schemes.insert(schemes.end(), connector.schemes.begin(), connector.schemes.end());
  }
  const std::string near = nearest_name(uri->scheme, schemes);
  return Error{.code = Code::kUnknownScheme,
               .message = "no connector serves \"" + uri->scheme + ":\" in " + uri->shown,
               .hint = near.empty() ? "for a file of this name write ./" + uri->shown
                                    : "did you mean \"" + near + ":\"? A file of this name is ./" + uri->shown};
}

Result<std::unique_ptr<Source>> Registry::source(const Endpoint& endpoint) const {
  auto found = find(endpoint, Use::kRead);
  if (!found) return std::move(found).error();
  if (!found->connector->make_source) {
    return Error{.code = Code::kUsage,
                 .message = "connector \"" + std::string(found->connector->name) + "\" cannot be read",
                 .where = {.uri = found->uri.shown}};
  }
  return found->connector->make_source(found->uri, found->options);
}

Result<std::unique_ptr<Sink>> Registry::sink(const Endpoint& endpoint) const {
  auto found = find(endpoint, Use::kWrite);
  if (!found) return std::move(found).error();
  if (!found->connector->make_sink) {
    return Error{.code = Code::kUsage,
                 .message = "connector \"" + std::string(found->connector->name) + "\" cannot be written",
                 .where = {.uri = found->uri.shown}};
  }
  return found->connector->make_sink(found->uri, found->options);
}

// Lists what a connector can list.
template <class T>
Result<std::vector<T>> Registry::list(const Endpoint& endpoint, Lister<T> Connector::* lister, std::string_view what,
                                      std::stop_token stop) const {
  auto found = find(endpoint, Use::kRead);
  if (!found) return std::move(found).error();
  if (found->connector->*lister) return (found->connector->*lister)(found->uri, found->options, stop);
  return Error{.code = Code::kUsage,
               .message = "connector \"" + std::string(found->connector->name) + "\" has no " + std::string(what),
               .where = {.uri = found->uri.shown}};
}

Result<std::vector<DatabaseInfo>> Registry::databases(const Endpoint& endpoint, std::stop_token stop) const {
  return list(endpoint, &Connector::list_databases, "databases", stop);
}

Result<std::vector<TableInfo>> Registry::tables(const Endpoint& endpoint, std::stop_token stop) const {
  return list(endpoint, &Connector::list_tables, "tables", stop);
}

Result<std::vector<ColumnInfo>> Registry::columns(const Endpoint& endpoint, std::stop_token stop) const {
  return list(endpoint, &Connector::list_columns, "columns", stop);
}

Result<Dialect> Registry::sniff(const Endpoint& endpoint, std::stop_token stop) const {
  auto found = find(endpoint, Use::kRead);
  if (!found) return std::move(found).error();
  if (found->connector->sniff) return found->connector->sniff(found->uri, found->options, std::move(stop));
  return Error{.code = Code::kUsage,
               .message = "only text files have a dialect, not " + found->uri.shown,
               .hint = "flatbed schema shows the columns of any source"};
}

}  // namespace flatbed
