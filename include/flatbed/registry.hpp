// Connectors by scheme, and options declared once: validation, help, forms and documentation come from here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/dialect.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/sink.hpp"
#include "flatbed/source.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

enum class OptionType : uint8_t { kText, kFlag, kCount, kBytes, kSeconds, kChoice, kNames };
/// Returns "text", "flag", "count", "bytes", "seconds", "choice" or "names".
std::string_view option_type_name(OptionType type) noexcept;

/// Which ends of a run an option is for.
enum class Use : uint8_t { kRead = 1, kWrite = 2, kBoth = 3 };

/// One option of a connector.
struct OptionSpec {
  std::string_view name{};
  OptionType type = OptionType::kText;
  std::string_view help{};  ///< one line, a sentence without its full stop
  std::string_view default_text{};
  std::string_view choices{};  ///< kChoice: "a|b|c"
  Use use = Use::kBoth;
  bool secret = false;  ///< never shown, logged or stored
};

/// Makes a token for the next requests: asked for the first one, and again before one expires or when a server refuses
/// it. THREADS: called from one thread at a time, not always the same.
using TokenSource = std::function<Result<std::string>()>;

/// Checked options of one endpoint. Getters return the default of the spec when nothing was given.
class Options {
 public:
  Options() = default;
  /// Checks names and values. ERRORS: kUnknownOption with the nearest name, kBadOption.
  static Result<Options> check(std::span<const OptionSpec> specs, const std::map<std::string, std::string>& given,
                               Use use);
  bool given(std::string_view name) const noexcept;
  const std::string& text(std::string_view name) const;
  bool flag(std::string_view name) const;
  uint64_t count(std::string_view name) const;                    ///< kCount; kBytes with the units K, M, G; kSeconds
  std::vector<std::string> names(std::string_view name) const;    ///< comma-separated; "a,""b,c""" as CSV does
  const TokenSource& tokens() const noexcept { return tokens_; }  ///< of the endpoint; may be empty
  void set_tokens(TokenSource tokens) { tokens_ = std::move(tokens); }

 private:
  std::map<std::string, std::string, std::less<>> values_{};
  std::map<std::string, bool, std::less<>> given_{};
  TokenSource tokens_{};
};

/// A parsed endpoint. Percent-encoding is undone in every part.
struct Uri {
  std::string scheme{};  ///< "file" for a bare path
  std::string user{}, password{}, host{};
  uint16_t port = 0;  ///< 0: not given
  std::string path{};
  std::map<std::string, std::string> query{};
  std::string shown{};  ///< as given, password and secret query values replaced by ***
};
/// Reads an endpoint: "scheme://user:password@host:port/path?name=value", a path, or "-".
Result<Uri> parse_uri(std::string_view text);

/// A database a connector knows.
struct DatabaseInfo {
  std::string name{}, engine{}, comment{};
  uint64_t tables = 0;
  std::optional<uint64_t> rows{}, bytes{};  ///< of all its tables that can tell without being read
};

/// A table a connector knows.
struct TableInfo {
  std::string database{}, name{}, engine{};
  std::optional<uint64_t> rows{}, bytes{};  ///< bytes as stored
  std::string comment{};
  std::string sorting_key{}, primary_key{}, partition_key{};  ///< expressions in SQL
};

/// A column of a table.
struct ColumnInfo {
  std::string database{}, table{}, name{};
  std::string type{};                ///< as the server writes it
  std::string default_kind{};        ///< "", DEFAULT, MATERIALIZED, ALIAS or EPHEMERAL
  std::string default_expression{};  ///< in SQL
  std::string comment{}, codec{};
  bool in_sorting_key = false, in_primary_key = false, in_partition_key = false;
  std::optional<uint64_t> bytes{}, unpacked_bytes{};  ///< as stored, and without compression
};

/// What makes a source or a sink; one file of src/connect defines one.
struct Connector {
  std::string_view name{};                  ///< "file"
  std::vector<std::string_view> schemes{};  ///< {"file"}
  /// Of file names that this connector serves in place of the one of all files: {".parquet"}. It also serves files of
  /// another name for which its option "format" is given.
  std::vector<std::string_view> endings{};
  std::string_view summary{};  ///< one line
  std::span<const OptionSpec> options{};
  std::function<Result<std::unique_ptr<Source>>(const Uri&, const Options&)> make_source{};
  std::function<Result<std::unique_ptr<Sink>>(const Uri&, const Options&)> make_sink{};
  std::function<Result<std::vector<TableInfo>>(const Uri&, const Options&, std::stop_token)> list_tables{};
  std::function<Result<std::vector<DatabaseInfo>>(const Uri&, const Options&, std::stop_token)> list_databases{};
  std::function<Result<std::vector<ColumnInfo>>(const Uri&, const Options&, std::stop_token)> list_columns{};
  std::function<Result<Dialect>(const Uri&, const Options&, std::stop_token)> sniff{};  ///< of a text file
};

/// An endpoint as a person gives it: a URI, and options beside it.
struct Endpoint {
  std::string uri{};
  std::map<std::string, std::string> options{};
  TokenSource tokens{};  ///< of a server whose tokens expire; a plan that is written down does not hold it
};

/// The connectors a program has. A value, not a global. THREADS: const calls from any thread.
class Registry {
 public:
  /// Returns a registry with every connector of src/connect.
  static Registry with_builtins();
  /// ERRORS: kUsage when a scheme is taken.
  Status add(Connector connector);
  const std::vector<Connector>& connectors() const noexcept { return connectors_; }
  /// ERRORS: kBadUri, kUnknownScheme with the nearest one, kUnknownOption, kBadOption.
  Result<std::unique_ptr<Source>> source(const Endpoint& endpoint) const;
  Result<std::unique_ptr<Sink>> sink(const Endpoint& endpoint) const;
  /// Lists the databases of a server. ERRORS: kUsage where the connector has none.
  Result<std::vector<DatabaseInfo>> databases(const Endpoint& endpoint, std::stop_token stop = {}) const;
  /// Lists the tables of the database that the address names; of all when it names none.
  Result<std::vector<TableInfo>> tables(const Endpoint& endpoint, std::stop_token stop = {}) const;
  /// Lists the columns, in order, of the table that the address names; of every table of its database when it names
  /// none. ERRORS: kNoTable.
  Result<std::vector<ColumnInfo>> columns(const Endpoint& endpoint, std::stop_token stop = {}) const;
  /// Finds the dialect of the first file of an endpoint, as reading it would. ERRORS: kUsage when it is no text in
  /// fields.
  Result<Dialect> sniff(const Endpoint& endpoint, std::stop_token stop = {}) const;

 private:
  struct Found {
    const Connector* connector = nullptr;
    Uri uri{};
    Options options{};
  };
  template <class T>
  using Lister = std::function<Result<std::vector<T>>(const Uri&, const Options&, std::stop_token)>;
  template <class T>
  Result<std::vector<T>> list(const Endpoint& endpoint, Lister<T> Connector::* lister, std::string_view what,
                              std::stop_token stop) const;
  Result<Found> find(const Endpoint& endpoint, Use use) const;
  const Connector* serving(const Uri& uri, const Endpoint& endpoint) const;
  std::vector<Connector> connectors_{};
};

}  // namespace flatbed
