// The ClickHouse connector. Enters: an address and options. Leaves: the way to the server, and its tables as sources
// and sinks.
#include "connect/clickhouse.hpp"

#include <algorithm>

#include "clickhouse/catalogue.hpp"
#include "connect/transport.hpp"

namespace flatbed {
namespace {

// ---- the connector

constexpr std::array kConnectionOptions = {
    transport::kUser,
    OptionSpec{.name = "password",
               .help = "Password of the user; also from the environment: FLATBED_CLICKHOUSE_PASSWORD",
               .secret = true},
    OptionSpec{.name = "token",
               .help = "JSON Web Token, sent as Authorization: Bearer; also FLATBED_CLICKHOUSE_TOKEN",
               .secret = true},
    OptionSpec{.name = "token_file",
               .help = "File of the token, read again when it expires; also FLATBED_CLICKHOUSE_TOKEN_FILE"},
    OptionSpec{.name = "secure",
               .type = OptionType::kFlag,
               .help = "Use TLS; it is used anyway by clickhouses: and when a secret goes to another host"},
    transport::kCaFile,
    transport::kCertFile,
    transport::kKeyFile,
    transport::kKeyPassword,
    transport::kVerify,
    OptionSpec{.name = "insecure",
               .type = OptionType::kFlag,
               .help = "Send a password or token to another host without TLS",
               .default_text = "false"},
    transport::kProxy,
    OptionSpec{.name = "compression",
               .type = OptionType::kChoice,
               .help = "Compression of blocks on the wire, both ways; auto is lz4 to another host",
               .default_text = "auto",
               .choices = "auto|none|lz4|zstd"},
    transport::kConnectTimeout,
    OptionSpec{.name = "timeout",
               .type = OptionType::kSeconds,
               .help = "Most seconds without a byte received or sent; 0 waits for ever",
               .default_text = "300"},
};
constexpr auto kOptions = with_table_options(kConnectionOptions);

HttpOptions http_options(const Uri& uri, const Options& options) {
  HttpOptions http = transport::http_options(uri, options);
  http.password = options.given("password") ? options.text("password") : uri.password;
  http.idle_seconds = static_cast<unsigned>(std::min<uint64_t>(options.count("timeout"), 1u << 30));
  return http;
}

TokenSource token_that_stays(std::string token) {
  return [token = std::move(token)] { return Result<std::string>(token); };
}

// What proves who the user is: a token, made by whatever was named, or the password in `http`. What is said beats what
// the environment holds.
TokenSource tokens_of(const Options& options, HttpOptions& http) {
  if (options.tokens()) return options.tokens();
  if (options.given("token")) return token_that_stays(options.text("token"));
  if (options.given("token_file")) return token_of_file(options.text("token_file"));
  if (!http.password.empty()) return {};
  if (std::string token = transport::from_environment("FLATBED_CLICKHOUSE_TOKEN"); !token.empty()) {
    return token_that_stays(std::move(token));
  }
  if (std::string path = transport::from_environment("FLATBED_CLICKHOUSE_TOKEN_FILE"); !path.empty()) {
    return token_of_file(std::move(path));
  }
  http.password = transport::from_environment("FLATBED_CLICKHOUSE_PASSWORD");
  return {};
}

std::string wire_encoding(const Options& options, bool local) {
  const std::string& compression = options.text("compression");
  if (compression == "auto") return local ? "" : "lz4";
  return compression == "none" ? "" : compression;
}

// Splits "/database/table"; a table's name may hold slashes.
TableAddress table_address(const std::string& path) {
  const std::string_view parts = std::string_view(path).substr(path.starts_with('/') ? 1 : 0);
  const size_t slash = std::min(parts.find('/'), parts.size());
  return {std::string(parts.substr(0, slash)), std::string(parts.substr(std::min(slash + 1, parts.size())))};
}

Result<ReachServer> way_to(const Uri& uri, const Options& options) {
  if (uri.host.empty()) {
    return Error{.code = Code::kBadUri,
                 .message = "the address names no host: " + uri.shown,
                 .expected = "clickhouse://user@host:8123/database/table"};
  }
  HttpOptions http = http_options(uri, options);
  const TokenSource tokens = tokens_of(options, http);
  const bool local = is_loopback(uri.host);
  const bool must_hide = (tokens || !http.password.empty()) && !local && !options.flag("insecure");
  const bool secure = uri.scheme == "clickhouses" || (options.given("secure") ? options.flag("secure") : must_hide);
  if (must_hide && !secure) {
    return Error{
        .code = Code::kInsecure,
        .message = std::string("a ") + (tokens ? "token" : "password") + " would go unencrypted to " + uri.host,
        .where = {.uri = uri.shown},
        .hint = "leave secure=false out (TLS is used then), or add insecure=true if the network is trusted"};
  }
  auto settings = server_settings(options);
  if (!settings) return std::move(settings).error();
  const ServerOptions server{.settings = std::move(*settings),
                             .bearer = tokens ? std::make_shared<Bearer>(tokens) : nullptr,
                             .encoding = wire_encoding(options, local)};
  const uint16_t port = uri.port != 0 ? uri.port : uint16_t{secure ? uint16_t{8443} : uint16_t{8123}};
  const std::string url = (secure ? "https://" : "http://") + in_address(uri.host) + ":" + std::to_string(port) + "/";
  return ReachServer([http = std::move(http), url, shown = uri.shown, server](std::stop_token) {
    return Result<ClickHouseServer>(ClickHouseServer(http, url, shown, server));
  });
}

Result<std::unique_ptr<Source>> make_source(const Uri& uri, const Options& options) {
  auto way = way_to(uri, options);
  if (!way) return std::move(way).error();
  return clickhouse_source(std::move(*way), table_address(uri.path), options, uri.shown);
}

Result<std::unique_ptr<Sink>> make_sink(const Uri& uri, const Options& options) {
  auto way = way_to(uri, options);
  if (!way) return std::move(way).error();
  return clickhouse_sink(std::move(*way), table_address(uri.path), options, uri.shown);
}

// Reaches the server, and lists what it has.
template <class List>
auto listed(const Uri& uri, const Options& options, std::stop_token stop, List list)
    -> decltype(list(std::declval<const ClickHouseServer&>())) {
  auto way = way_to(uri, options);
  if (!way) return std::move(way).error();
  auto server = (*way)(stop);
  if (!server) return std::move(server).error();
  return list(*server);
}

Result<std::vector<DatabaseInfo>> list_databases(const Uri& uri, const Options& options, std::stop_token stop) {
  return listed(uri, options, stop, [&](const auto& server) { return clickhouse_databases(server, stop); });
}

Result<std::vector<TableInfo>> list_tables(const Uri& uri, const Options& options, std::stop_token stop) {
  return listed(uri, options, stop,
                [&](const auto& server) { return clickhouse_tables(server, table_address(uri.path).database, stop); });
}

Result<std::vector<ColumnInfo>> list_columns(const Uri& uri, const Options& options, std::stop_token stop) {
  return listed(uri, options, stop,
                [&](const auto& server) { return clickhouse_columns(server, table_address(uri.path), stop); });
}

}  // namespace

Result<ServerSettings> server_settings(const Options& options) {
  ServerSettings settings;
  for (const std::string& pair : options.names("settings")) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{.code = Code::kBadOption,
                   .message = "option \"settings\" cannot be \"" + pair + "\"",
                   .expected = "name=value,name=value"};
    }
    settings.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return settings;
}

Connector carried_connector(std::shared_ptr<Carrier> carrier) {
  // One statement at a time: what a client allows beside it differs.
  const auto way = [carrier](const Uri& uri, const Options& options) -> Result<ReachServer> {
    auto settings = server_settings(options);
    if (!settings) return std::move(settings).error();
    const ServerOptions server{.settings = std::move(*settings), .carrier = carrier};
    return ReachServer([server, shown = uri.shown](std::stop_token) {
      return Result<ClickHouseServer>(ClickHouseServer({}, "", shown, server));
    });
  };
  return {.name = "client",
          .schemes = {"client"},
          .summary = "Tables behind a client of the program: client:database/table",
          .options = kTableOptions,
          .make_source = [way](const Uri& uri, const Options& options) -> Result<std::unique_ptr<Source>> {
            auto reach = way(uri, options);
            if (!reach) return std::move(reach).error();
            return clickhouse_source(std::move(*reach), table_address(uri.path), options, uri.shown);
          },
          .make_sink = [way](const Uri& uri, const Options& options) -> Result<std::unique_ptr<Sink>> {
            auto reach = way(uri, options);
            if (!reach) return std::move(reach).error();
            return clickhouse_sink(std::move(*reach), table_address(uri.path), options, uri.shown);
          }};
}

Connector clickhouse_connector() {
  return {.name = "clickhouse",
          .schemes = {"clickhouse", "clickhouses"},
          .summary = "Tables of a ClickHouse server, over HTTP: clickhouse://user@host:8123/database/table",
          .options = kOptions,
          .make_source = make_source,
          .make_sink = make_sink,
          .list_tables = list_tables,
          .list_databases = list_databases,
          .list_columns = list_columns};
}

}  // namespace flatbed
