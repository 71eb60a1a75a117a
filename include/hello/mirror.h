#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hello/failure.h"
#include "hello/json.h"
#include "hello/signals.h"

/// Collections of a cluster, kept up to date as small structs. Objects come without managedFields.
namespace hello::kube {

/// All objects of a kind in a namespace, or those that selectors choose.
struct Collection {
  std::string api_version, kind, ns; ///< ns: empty for all, and for cluster-wide kinds
  std::string labels{}, fields{};    ///< selectors, "a=b,c=d"; empty: all
  enum class Detail { full, metadata } detail = Detail::full; ///< metadata: nothing else is sent
};

/// Where the objects of one collection go.
class Sink {
public:
  virtual ~Sink() = default;
  virtual void clear() = 0;
  virtual void put(const std::string &uid, const json::Value &object) = 0;
  virtual void erase(const std::string &uid) = 0;
};

/// The objects of one collection as structs, in `rows` (borrowed), in no order.
template <class T> class Table final : public Sink {
public:
  using Read = T (*)(const json::Value &object);
  Table(std::vector<T> &rows, Read read) : rows_(rows), read_(read) {}

  void clear() override {
    rows_.clear();
    uids_.clear();
    places_.clear();
  }
  void put(const std::string &uid, const json::Value &object) override {
    const auto [known, is_new] = places_.try_emplace(uid, rows_.size());
    if (!is_new) {
      rows_[known->second] = read_(object);
      return;
    }
    rows_.push_back(read_(object));
    uids_.push_back(uid);
  }
  void erase(const std::string &uid) override {
    const auto known = places_.find(uid);
    if (known == places_.end()) return;
    const std::size_t place = known->second;
    places_.erase(known);
    if (place + 1 < rows_.size()) { // the last one moves into the gap
      rows_[place] = std::move(rows_.back());
      uids_[place] = std::move(uids_.back());
      places_[uids_[place]] = place;
    }
    rows_.pop_back();
    uids_.pop_back();
  }

private:
  std::vector<T> &rows_;
  Read read_;
  std::vector<std::string> uids_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

struct Source {
  Collection collection;
  Sink *sink; ///< borrowed
};

/// Keeps sinks up to date by watches: lists again after 410 Gone, an outage, or a closed stream.
/// Use it on one thread.
class Mirror {
public:
  virtual ~Mirror() = default;
  /// Waits until something changed, and takes in all there is; false at the deadline. Throws
  /// check_interrupted()'s Error.
  virtual bool wait(sys::Deadline deadline) = 0;
  /// Every source was listed (or refused) once.
  virtual bool complete() const = 0;
  /// The last attempt to read a source got no answer.
  virtual bool offline() const = 0;
  /// Why a source may not be read; null if it may. A refused source keeps what it had.
  virtual const Failure *refused(std::size_t source) const = 0;
};

} // namespace hello::kube
