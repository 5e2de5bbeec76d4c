// HTTP over libcurl: a request goes out, the response comes back as bytes that are pulled.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flatbed/bytes.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// How servers are reached; the same for every request of a client.
struct HttpOptions {
  std::string user{}, password{};  ///< Basic authentication, when either is given
  std::string ca_file{};           ///< PEM file of the authorities to trust; empty: the system's
  std::string cert_file{}, key_file{}, key_password{};
  bool verify = true;             ///< check the server's certificate and name
  std::string proxy{};            ///< empty: as the environment says, but never to this machine
  unsigned connect_seconds = 10;  ///< 0: no limit
  unsigned idle_seconds = 300;    ///< most time to wait for the next byte in either direction; 0: no limit
};

/// One request. A body is sent once and never a second time: when the connection breaks, the caller decides.
struct HttpRequest {
  std::string method = "GET";
  std::string url{};                                              ///< http:// or https://, without parameters
  std::vector<std::pair<std::string, std::string>> parameters{};  ///< of the query, not yet encoded
  std::vector<std::string> headers{};                             ///< "Name: value"
  std::string token{};            ///< Bearer authentication, instead of user and password
  std::string_view body{};        ///< LIFETIME: outlives the response
  ByteSource* stream = nullptr;   ///< the body, pulled; instead of `body`. LIFETIME: outlives the response
  std::string body_encoding{};    ///< lz4 or zstd: `body` is packed on its way; empty: sent as it is
  std::string answer_encoding{};  ///< lz4 or zstd: asked of the server; what it packs is unpacked here
  bool ask_first = false;         ///< send the body only when the server agrees, so that a refusal costs nothing
};

/// A response whose body is read as it arrives. Nothing is received between calls of read().
class HttpResponse : public ByteSource {
 public:
  virtual int status() const noexcept = 0;
  /// Returns a header's value, or "". `name` is lower case.
  virtual const std::string& header(const std::string& name) const = 0;
};

/// Sends requests, keeping connections open between them. THREADS: send() from any thread.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  /// Sends a request and returns when the headers of the response are there, whatever its status.
  /// ERRORS: kConnect, kTimeout, kConnectionLost, kTls, kCancelled; no message holds a secret.
  Result<std::unique_ptr<HttpResponse>> send(const HttpRequest& request, std::stop_token stop) const;
  const HttpOptions& options() const noexcept { return *options_; }

  class Pool;

 private:
  std::shared_ptr<const HttpOptions> options_;
  std::shared_ptr<Pool> pool_;
};

/// Reads the rest of a response, at most `limit` bytes of it.
Result<std::string> read_text(ByteSource& bytes, size_t limit, std::stop_token stop);

/// Tells whether a host is this machine: localhost, 127.x.y.z or ::1.
bool is_loopback(std::string_view host) noexcept;

/// Returns a host as it stands in an address: one of IPv6 in brackets.
std::string in_address(const std::string& host);

/// Waits before a server is asked again. Returns false when that was cut short.
bool pause(std::chrono::duration<double> time, std::stop_token stop);

/// Who is asked at an address.
struct WebHost {
  std::string scheme{}, name{};
  uint16_t port = 0;
  friend bool operator==(const WebHost&, const WebHost&) = default;
};
/// Returns who is asked at an address; nothing when it is not one of http or https.
std::optional<WebHost> web_host_of(const std::string& url);
/// Returns the address that a redirect from `url` names, which may be relative; "" when it is none.
std::string redirected(const std::string& url, const std::string& location);

}  // namespace flatbed
