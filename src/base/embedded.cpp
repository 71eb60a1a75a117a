#include "hello/embedded.h"

#include <stdexcept>
#include <string>

namespace hello {

std::string_view embedded(std::string_view name) {
  for (const EmbeddedFile &file : embedded_files())
    if (file.name == name) return file.bytes;
  throw std::logic_error("no embedded file " + std::string(name));
}

} // namespace hello
