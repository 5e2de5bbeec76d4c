// The embedded engine, for connectors that let it do their work.
#pragma once

#include <stop_token>
#include <string>

#include "bytes/clickhouse_server.hpp"
#include "flatbed/registry.hpp"

namespace flatbed {

/// Starts the engine that keeps its tables in `folder`, or joins it where this process has it already; it ends with the
/// last copy of the server. `shown` names what is wanted in errors. REQUIRES: `folder` exists. ERRORS: kNoEngine.
Result<ClickHouseServer> embedded_server(const std::string& folder, const std::string& python, const std::string& shown,
                                         ServerSettings settings, std::stop_token stop);

/// Returns the interpreter that runs the engine: the option "python", or what the environment offers.
std::string embedded_python(const Options& options);

inline constexpr OptionSpec kPythonOption{
    .name = "python", .help = "Python that has chdb-core; also from the environment: FLATBED_PYTHON, VIRTUAL_ENV"};

}  // namespace flatbed
