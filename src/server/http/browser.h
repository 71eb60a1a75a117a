#pragma once
#include "server/http/request.h"

namespace hello::server {

/// Whether a browser sends this request for a page of another site: it has Origin or a Sec-Fetch
/// field, and its Host is neither a loopback name nor an address. A page can make its own name
/// point to an address that only the browser's user reaches, but not send another Host. Source:
/// Fetch Metadata Request Headers, section 2; RFC 6761 section 6.3 (localhost).
bool is_rebound(const Request &request);

/// Whether Host is a loopback name or address, with any port: a page of another name cannot send
/// that.
bool names_loopback(const Request &request);

/// Whether a browser sends it for a page: it has Origin, Referer or a Sec-Fetch field.
bool is_from_page(const Request &request);

} // namespace hello::server
