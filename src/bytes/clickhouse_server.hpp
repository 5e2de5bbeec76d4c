// A ClickHouse server behind its HTTP interface: statements go in, answers in Native come out, exceptions become
// errors.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/http.hpp"
#include "flatbed/bytes.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

using ServerSettings = std::vector<std::pair<std::string, std::string>>;

/// THREADS: every function from any thread. A copy shares connections.
class ClickHouseServer {
 public:
  /// `url` is "http://host:port/"; `shown` names the server in errors; `engine` is kept alive as long as a copy is.
  ClickHouseServer(HttpOptions http, std::string url, std::string shown, ServerSettings settings,
                   std::shared_ptr<const void> engine = {});
  /// Runs a SELECT or the like, whose answer comes in Native. ERRORS: those of HTTP and of server_error().
  Result<std::unique_ptr<ByteSource>> query(std::string sql, std::stop_token stop,
                                            const ServerSettings& settings = {}) const;
  /// Runs a statement that has no answer.
  Status execute(std::string sql, std::stop_token stop, const ServerSettings& settings = {}) const;
  /// Runs an INSERT of `data`, once. Success means that the server has confirmed it.
  Status insert(std::string_view sql, std::string_view data, const ServerSettings& settings,
                std::stop_token stop) const;
  const std::string& shown() const noexcept { return shown_; }

 private:
  Result<std::unique_ptr<HttpResponse>> send(const HttpRequest& request, std::stop_token stop) const;
  HttpRequest request(ServerSettings parameters, std::string_view body) const;

  std::shared_ptr<const void> engine_;  // first, so that it goes last: open connections would hold up its end
  HttpClient client_;
  std::string url_;
  std::string shown_;
  ServerSettings settings_;
};

/// Makes an error of what a server wrote: "Code: 60. DB::Exception: Table ... (UNKNOWN_TABLE) (version ...)", or of the
/// text a gateway answered with `status`. Codes: kAuth, kNoTable, kNoColumn, kConnectionLost (gateway), kServer.
Error server_error(std::string_view text, int status, std::string shown);

}  // namespace flatbed
