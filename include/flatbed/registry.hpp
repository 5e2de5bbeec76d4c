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
  uint64_t count(std::string_view name) const;                  ///< kCount; kBytes with the units K, M, G; kSeconds
  std::vector<std::string> names(std::string_view name) const;  ///< comma-separated; "a,""b,c""" as CSV does

 private:
  std::map<std::string, std::string, std::less<>> values_{};
  std::map<std::string, bool, std::less<>> given_{};
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

/// A table a connector knows.
struct TableInfo {
  std::string database{}, name{}, engine{};
  std::optional<uint64_t> rows{}, bytes{};
  std::string comment{};
};

/// What makes a source or a sink; one file of src/connect defines one.
struct Connector {
  std::string_view name{};                  ///< "file"
  std::vector<std::string_view> schemes{};  ///< {"file"}
  std::string_view summary{};               ///< one line
  std::span<const OptionSpec> options{};
  std::function<Result<std::unique_ptr<Source>>(const Uri&, const Options&)> make_source{};
  std::function<Result<std::unique_ptr<Sink>>(const Uri&, const Options&)> make_sink{};
  std::function<Result<std::vector<TableInfo>>(const Uri&, const Options&, std::stop_token)> list_tables{};
};

/// An endpoint as a person gives it: a URI, and options beside it.
struct Endpoint {
  std::string uri{};
  std::map<std::string, std::string> options{};
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
  Result<std::vector<TableInfo>> tables(const Endpoint& endpoint, std::stop_token stop = {}) const;

 private:
  struct Found {
    const Connector* connector = nullptr;
    Uri uri{};
    Options options{};
  };
  Result<Found> find(const Endpoint& endpoint, Use use) const;
  std::vector<Connector> connectors_{};
};

}  // namespace flatbed
