// What connectors that reach a server over HTTP have in common: the options that say how, and what comes of them.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>

#include "bytes/http.hpp"
#include "flatbed/registry.hpp"

namespace flatbed::transport {

inline constexpr OptionSpec kUser = {.name = "user", .help = "User of the server"};
inline constexpr OptionSpec kCaFile = {.name = "ca_file",
                                       .help = "PEM file of the authorities to trust in place of the system's"};
inline constexpr OptionSpec kCertFile = {.name = "cert_file", .help = "PEM file of the client's certificate"};
inline constexpr OptionSpec kKeyFile = {.name = "key_file", .help = "PEM file of the client's key"};
inline constexpr OptionSpec kKeyPassword = {
    .name = "key_password", .help = "Password of the client's key", .secret = true};
inline constexpr OptionSpec kVerify = {.name = "verify",
                                       .type = OptionType::kFlag,
                                       .help = "Check the server's certificate and name",
                                       .default_text = "true"};
inline constexpr OptionSpec kProxy = {
    .name = "proxy",
    .help = "Proxy to go through: http://host:port, or http://user:password@host:port",
    .secret = true};
inline constexpr OptionSpec kConnectTimeout = {.name = "connect_timeout",
                                               .type = OptionType::kSeconds,
                                               .help = "Most seconds to wait for a connection",
                                               .default_text = "10"};

/// Returns what the options above say; passwords and the time limit of silence are the connector's own.
inline HttpOptions http_options(const Uri& uri, const Options& options) {
  return {.user = options.given("user") ? options.text("user") : uri.user,
          .ca_file = options.text("ca_file"),
          .cert_file = options.text("cert_file"),
          .key_file = options.text("key_file"),
          .key_password = options.text("key_password"),
          .verify = options.flag("verify"),
          .proxy = options.text("proxy"),
          .connect_seconds = static_cast<unsigned>(std::min<uint64_t>(options.count("connect_timeout"), 86400))};
}

inline std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace flatbed::transport
