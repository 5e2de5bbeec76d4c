// The ClickHouse connector. Enters: an address and options. Leaves: the way to the server, and its tables as sources
// and sinks.
#include "connect/clickhouse.hpp"

#include <algorithm>
#include <cstdlib>

#include "clickhouse/table.hpp"

namespace flatbed {
namespace {

// ---- the connector

constexpr std::array kConnectionOptions = {
    OptionSpec{.name = "user", .help = "User of the server"},
    OptionSpec{.name = "password",
               .help = "Password of the user; also from the environment: FLATBED_CLICKHOUSE_PASSWORD",
               .secret = true},
    OptionSpec{.name = "token",
               .help = "JSON Web Token, sent as Authorization: Bearer; also FLATBED_CLICKHOUSE_TOKEN",
               .secret = true},
    OptionSpec{
        .name = "secure", .type = OptionType::kFlag, .help = "Use TLS, as clickhouses: does", .default_text = "false"},
    OptionSpec{.name = "ca_file", .help = "PEM file of the authorities to trust in place of the system's"},
    OptionSpec{.name = "cert_file", .help = "PEM file of the client's certificate"},
    OptionSpec{.name = "key_file", .help = "PEM file of the client's key"},
    OptionSpec{.name = "verify",
               .type = OptionType::kFlag,
               .help = "Check the server's certificate and name",
               .default_text = "true"},
    OptionSpec{.name = "insecure",
               .type = OptionType::kFlag,
               .help = "Send a password or token to another host without TLS",
               .default_text = "false"},
    OptionSpec{.name = "proxy", .help = "Proxy to go through: http://host:port"},
    OptionSpec{.name = "connect_timeout",
               .type = OptionType::kSeconds,
               .help = "Most seconds to wait for a connection",
               .default_text = "10"},
    OptionSpec{.name = "timeout",
               .type = OptionType::kSeconds,
               .help = "Most seconds to wait for the next byte; 0 waits for ever",
               .default_text = "300"},
};
constexpr auto kOptions = with_table_options(kConnectionOptions);

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

HttpOptions http_options(const Uri& uri, const Options& options) {
  HttpOptions http{
      .user = options.given("user") ? options.text("user") : uri.user,
      .password = options.given("password") ? options.text("password") : uri.password,
      .token = options.text("token"),
      .ca_file = options.text("ca_file"),
      .cert_file = options.text("cert_file"),
      .key_file = options.text("key_file"),
      .verify = options.flag("verify"),
      .proxy = options.text("proxy"),
      .connect_seconds = static_cast<unsigned>(std::min<uint64_t>(options.count("connect_timeout"), 86400)),
      .idle_seconds = static_cast<unsigned>(std::min<uint64_t>(options.count("timeout"), 1u << 30)),
  };
  // What is said beats what the environment holds.
  if (http.token.empty() && http.password.empty()) {
    http.token = from_environment("FLATBED_CLICKHOUSE_TOKEN");
    if (http.token.empty()) http.password = from_environment("FLATBED_CLICKHOUSE_PASSWORD");
  }
  return http;
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
  const bool secure = uri.scheme == "clickhouses" || options.flag("secure");
  HttpOptions http = http_options(uri, options);
  const bool secret = !http.password.empty() || !http.token.empty();
  if (secret && !secure && !is_loopback(uri.host) && !options.flag("insecure")) {
    return Error{.code = Code::kInsecure,
                 .message = std::string("a ") + (http.token.empty() ? "password" : "token") +
                            " would go unencrypted to " + uri.host,
                 .where = {.uri = uri.shown},
                 .hint = "use clickhouses:// (TLS), or insecure=true if the network is trusted"};
  }
  auto settings = server_settings(options);
  if (!settings) return std::move(settings).error();
  const uint16_t port = uri.port != 0 ? uri.port : uint16_t{secure ? uint16_t{8443} : uint16_t{8123}};
  const std::string host = uri.host.find(':') == std::string::npos ? uri.host : "[" + uri.host + "]";
  const std::string url = (secure ? "https://" : "http://") + host + ":" + std::to_string(port) + "/";
  return ReachServer([http = std::move(http), url, shown = uri.shown,
                      settings = std::move(*settings)](std::stop_token) -> Result<ClickHouseServer> {
    return ClickHouseServer(http, url, shown, settings);
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

Result<std::vector<TableInfo>> list_tables(const Uri& uri, const Options& options, std::stop_token stop) {
  auto way = way_to(uri, options);
  if (!way) return std::move(way).error();
  auto server = (*way)(stop);
  if (!server) return std::move(server).error();
  return clickhouse_tables(*server, table_address(uri.path).database, stop);
}

}  // namespace

Result<std::vector<TableInfo>> clickhouse_tables(const ClickHouseServer& server, const std::string& database,
                                                 std::stop_token stop) {
  std::vector<TableInfo> tables;
  auto answer = ask(server,
                    "SELECT database, name, engine, total_rows, total_bytes, comment FROM system.tables "
                    "WHERE NOT is_temporary AND lower(database) NOT IN ('system', 'information_schema') "
                    "ORDER BY database, name",
                    stop);
  if (!answer) return std::move(answer).error();
  for (const Batch& batch : *answer) {
    const auto number = [&](size_t column, size_t row) {
      return batch.column(column).is_null(row) ? std::nullopt : std::optional(batch.column(column).as<uint64_t>()[row]);
    };
    for (size_t row = 0; row < batch.rows(); ++row) {
      TableInfo info{.database = std::string(batch.column(0).text(row)),
                     .name = std::string(batch.column(1).text(row)),
                     .engine = std::string(batch.column(2).text(row)),
                     .rows = number(3, row),
                     .bytes = number(4, row),
                     .comment = std::string(batch.column(5).text(row))};
      if (database.empty() || info.database == database) tables.push_back(std::move(info));
    }
  }
  return tables;
}

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

Connector clickhouse_connector() {
  return {.name = "clickhouse",
          .schemes = {"clickhouse", "clickhouses"},
          .summary = "Tables of a ClickHouse server, over HTTP: clickhouse://user@host:8123/database/table",
          .options = kOptions,
          .make_source = make_source,
          .make_sink = make_sink,
          .list_tables = list_tables};
}

}  // namespace flatbed
