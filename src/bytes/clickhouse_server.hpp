// A ClickHouse server behind its HTTP interface: statements go in, answers in Native come out, exceptions become
// errors.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/bearer.hpp"
#include "bytes/http.hpp"
#include "flatbed/bytes.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

using ServerSettings = std::vector<std::pair<std::string, std::string>>;

/// Another client that carries statements to a server, in place of Flatbed's own HTTP. THREADS: from any thread.
class Carrier {
 public:
  virtual ~Carrier() = default;
  /// Runs a SELECT or the like, whose answer comes in Native.
  virtual Result<std::unique_ptr<ByteSource>> query(const std::string& sql, const ServerSettings& settings,
                                                    std::stop_token stop) = 0;
  /// Runs an INSERT that ends in FORMAT Native, once.
  virtual Status insert(std::string_view sql, std::string_view data, const ServerSettings& settings,
                        std::stop_token stop) = 0;
};

/// How a server is spoken to, beside HTTP's own options.
struct ServerOptions {
  ServerSettings settings{};             ///< for every statement
  std::shared_ptr<Bearer> bearer{};      ///< in place of user and password
  std::string encoding{};                ///< of bodies both ways: lz4 or zstd; empty: as they are
  std::shared_ptr<Carrier> carrier{};    ///< in place of HTTP
  std::shared_ptr<const void> engine{};  ///< kept alive as long as a copy of the server is
};

/// THREADS: every function from any thread. A copy shares connections.
class ClickHouseServer {
 public:
  /// `url` is "http://host:port/"; `shown` names the server in errors.
  ClickHouseServer(HttpOptions http, std::string url, std::string shown, ServerOptions options = {});
  /// Runs a SELECT or the like, whose answer comes in Native. ERRORS: those of HTTP and of server_error().
  Result<std::unique_ptr<ByteSource>> query(std::string sql, std::stop_token stop,
                                            const ServerSettings& settings = {}) const;
  /// Runs a statement that has no answer.
  Status execute(std::string sql, std::stop_token stop, const ServerSettings& settings = {}) const;
  /// Runs an INSERT of `data`, once. Success means that the server has confirmed it.
  Status insert(std::string_view sql, std::string_view data, const ServerSettings& settings,
                std::stop_token stop) const;
  /// Runs an INSERT of all that `data` gives, once.
  Status insert(std::string_view sql, ByteSource& data, const ServerSettings& settings, std::stop_token stop) const;
  const std::string& shown() const noexcept { return shown_; }
  /// Tells whether another client carries the statements, which may have settings of its own.
  bool carried() const noexcept { return options_.carrier != nullptr; }

 private:
  Result<std::unique_ptr<HttpResponse>> send(HttpRequest request, std::stop_token stop) const;
  Result<std::unique_ptr<HttpResponse>> send_once(const HttpRequest& request, std::stop_token stop) const;
  HttpRequest request(ServerSettings parameters, std::string_view body) const;
  Status confirm(Result<std::unique_ptr<HttpResponse>> response, std::stop_token stop) const;

  ServerOptions options_;  // first, so that the engine goes last: open connections would hold up its end
  HttpClient client_;
  std::string url_;
  std::string shown_;
};

/// Makes an error of what a server wrote: "Code: 60. DB::Exception: Table ... (UNKNOWN_TABLE) (version ...)", or of the
/// text a gateway answered with `status`. Codes: kAuth, kNoTable, kNoColumn, kConnectionLost (gateway), kServer.
Error server_error(std::string_view text, int status, std::string shown);

}  // namespace flatbed
