// What dialect detection uses of the connector of files on the web.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "flatbed/bytes.hpp"
#include "flatbed/registry.hpp"

namespace flatbed {

/// Checks options of a file on the web.
Result<Options> web_options(const std::map<std::string, std::string>& given);
/// Opens a file on the web, unpacked. ERRORS: those of WebFile::open() and of unpacking.
Result<std::unique_ptr<ByteSource>> open_on_web(const Uri& uri, const Options& options, std::stop_token stop);

}  // namespace flatbed
