// Runs the real Jenkinsfile without Jenkins: gives the words of a declarative pipeline that it uses their meaning, and
// runs its sh steps for real. A word, an option or a step that is not known here is an error, as it is in Jenkins.
//   groovy harness.groovy JENKINSFILE SETTINGS.json
// A stage with an agent holds an executor, checks out and has a workspace (a parallel one its own); input must hold none.
// SETTINGS: workspace, build (number), scm ({url, revision}), params, credentials (id → {file} or {username, password}),
// stashes (a folder), state (a folder that builds share, for locks and milestones), previous (the last build's result), from (the stage to restart at, as Jenkins' "Restart from Stage": with the stashes of before),
// input ("ok", "abort" or "wait"), env (the agent's), abortAt (words of the log: then the running step is ended as Jenkins
// ends it), minute (how many seconds one lasts for time limits; 60). Prints the build's log; its last line is the result.
import groovy.json.JsonSlurper
import groovy.transform.CompileStatic
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.locks.ReentrantLock

class Aborted extends RuntimeException { Aborted(String why) { super(why) } }
class StepFailed extends RuntimeException { StepFailed(String why) { super(why) } }

class CutOff extends RuntimeException { CutOff() { super('a parallel stage has failed') } }

/**
 * One thread at a time runs code in Groovy, and lets others run only where it waits: Groovy 2.4 prepares a class at its first
 * use, and not safely in two threads. The waits themselves are compiled statically, which prepares nothing.
 */
@CompileStatic
class Turn {
  private final ReentrantLock turn = new ReentrantLock()
  void take() { turn.lock() }
  void give() { turn.unlock() }
  String line(BufferedReader reader) { give(); try { return reader.readLine() } finally { take() } }
  int end(Process process) { give(); try { return process.waitFor() } finally { take() } }
  void end(Thread thread) { give(); try { thread.join() } finally { take() } }
  void sleep(long ms) { give(); try { Thread.sleep(ms) } finally { take() } }
}

/** A thread, or a timer, that takes its turn before it runs code in Groovy. */
@CompileStatic
class Task extends TimerTask {
  final Turn turn
  final Closure body
  Task(Turn turn, Closure body) { this.turn = turn; this.body = body }
  void run() { turn.take(); try { body.call() } finally { turn.give() } }
}

class Build {
  Map settings
  final Turn turn = new Turn()
  Map params = [:]
  Map env = [:]
  String result = 'SUCCESS'
  boolean stashesKept = false
  List stagesRun = [].asSynchronized()
  Set running = ([] as Set).asSynchronized()
  volatile boolean aborted = false
  volatile boolean cutOff = false
  final AtomicInteger executors = new AtomicInteger()
  final ThreadLocal inPost = new ThreadLocal() // what runs after a stage runs after an abort too

  void log(String line) {
    println line
    System.out.flush()
    if (settings.abortAt && !aborted && line.contains((String) settings.abortAt)) abort('by a person')
  }

  /** What a time limit allows, around `body`. */
  void within(Map limit, Closure body) {
    if (limit == null) { body(); return }
    def units = [SECONDS: 1 / 60, MINUTES: 1, HOURS: 60]
    if (!units.containsKey(limit.unit ?: 'MINUTES')) throw new IllegalStateException("timeout: no such unit: ${limit.unit}")
    def timer = new Timer(true)
    def over = false
    def end = new Task(turn, { if (!over) abort("the time limit of ${limit.time} ${limit.unit}") })
    timer.schedule(end, (long) (limit.time * units[limit.unit ?: 'MINUTES'] * (settings.minute ?: 60) * 1000))
    try { body() } finally { over = true; timer.cancel() }
  }

  /** Files in `dir` that one of Ant's patterns, separated by commas, names; relative to it. */
  static List<Path> found(Path dir, String patterns) {
    def globs = patterns.split(',').collect { FileSystems.default.getPathMatcher('glob:' + it.trim()) }
    def files = []
    dir.toFile().eachFileRecurse { if (it.file) files << dir.relativize(it.toPath()) }
    files.findAll { path -> globs.any { it.matches(path) } }.sort()
  }

  static void copy(Path from, Path to, List<Path> files) {
    files.each {
      Files.createDirectories(to.resolve(it).parent)
      Files.copy(from.resolve(it), to.resolve(it), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES)
    }
  }

  /** Runs `closure` with `delegate` giving its words their meaning. */
  static call(Object delegate, Closure closure) {
    Closure body = (Closure) closure.clone()
    body.delegate = delegate
    body.resolveStrategy = Closure.DELEGATE_FIRST
    body.call()
  }

  void abort(String why) {
    log "Aborted: $why"
    aborted = true
    terminate()
  }

  /** Jenkins sends SIGTERM to all that the running steps started; a shell that is not yet a session's leader is ended too. */
  void terminate() { running.toList().each { def p = pid((Process) it); ['bash', '-c', "pkill -TERM -s $p; kill -TERM $p"].execute().waitFor() } }

  /** Throws if the steps of this thread must end. */
  void check() {
    if (inPost.get()) return
    if (aborted) throw new Aborted('the build was aborted')
    if (cutOff) throw new CutOff()
  }

  void worsen(String to) { if (result == 'SUCCESS' || result == 'UNSTABLE') result = to }

  /** Around `body`, the lock of that name, which builds in other processes respect too. */
  void locked(Map lock, Closure body) {
    if (lock == null) { body(); return }
    def file = new RandomAccessFile(new File((String) settings.state, "lock-${lock.resource}"), 'rw')
    try {
      def held = file.channel.tryLock()
      if (held == null) log "Trying to acquire lock on ${lock.resource}"
      while (held == null) { turn.sleep(100); held = file.channel.tryLock() }
      log "Lock acquired on ${lock.resource}"
      body()
    } finally { file.close() }
  }

  /** An older build than one that has been here is aborted. */
  void milestone(int ordinal) {
    def file = new File((String) settings.state, "milestone-$ordinal")
    int newest = file.exists() ? file.text.toInteger() : 0
    if (newest > (int) settings.build) throw new Aborted("superseded: build $newest has passed milestone $ordinal")
    file.text = settings.build.toString()
  }

  static long pid(Process p) { (long) Process.getMethod('pid').invoke(p) } // Java 9; Groovy 2.4 itself would ask the hidden class
}

/** What every block can see; any other word is refused. */
abstract class Words {
  Build build
  Words(Build build) { this.build = build }
  def getParams() { build.params }
  def getEnv() { build.env }
  def methodMissing(String name, args) { throw new IllegalStateException("${getClass().simpleName}: no such word: $name") }
  def propertyMissing(String name) { throw new MissingPropertyException(name, getClass()) }
  static void only(Map given, List known, String word) {
    def other = given.keySet() - known
    if (other) throw new IllegalStateException("$word: no such parameter: ${other.join(', ')}")
  }
}

class PipelineWords extends Words {
  Closure stagesBody, postBody
  OptionWords limits
  PipelineWords(Build b) { super(b) }
  String getNone() { 'none' }
  void agent(String none) { assert none == 'none' }
  void options(Closure c) { limits = new OptionWords(build); Build.call(limits, c) }
  void parameters(Closure c) { Build.call(new ParameterWords(build), c) }
  void environment(Closure c) { Build.call(new EnvironmentWords(build, build.env), c) }
  void stages(Closure c) { stagesBody = c }
  void post(Closure c) { postBody = c }
}

class AgentWords extends Words {
  AgentWords(Build b) { super(b) }
  String name
  void label(String label) { name = label }
}

class OptionWords extends Words {
  Map limit, lock
  OptionWords(Build b) { super(b) }
  void disableConcurrentBuilds() { }
  void timestamps() { }
  void lock(Map m) { only(m, ['resource', 'inversePrecedence', 'quantity'], 'lock'); lock = m }
  void preserveStashes() { build.stashesKept = true }
  void timeout(Map m) { only(m, ['time', 'unit'], 'timeout'); limit = m }
  void buildDiscarder(Object o) { assert o == 'logRotator' }
  String logRotator(Map m) { only(m, ['numToKeepStr', 'artifactNumToKeepStr', 'daysToKeepStr', 'artifactDaysToKeepStr'], 'logRotator'); 'logRotator' }
}

class ParameterWords extends Words {
  ParameterWords(Build b) { super(b) }
  void string(Map m) { put(m) }
  void booleanParam(Map m) { put(m) }
  void choice(Map m) {
    only(m, ['name', 'choices', 'description'], 'choice')
    def given = build.params[m.name]
    if (given != null && !(given in m.choices)) throw new IllegalStateException("${m.name}: $given is not a choice")
    put([name: m.name, defaultValue: m.choices[0]])
  }
  private void put(Map m) {
    only(m, ['name', 'defaultValue', 'description'], 'parameter')
    // a job's first build, which nobody could give any, has the defaults as params, and nothing of them in the environment
    if (build.params.containsKey(m.name)) build.env[(String) m.name] = build.params[m.name].toString()
    else build.params[m.name] = m.defaultValue
  }
}

class EnvironmentWords extends Words {
  Map variables
  EnvironmentWords(Build b, Map variables) { super(b); this.@variables = variables }
  void setProperty(String name, Object value) {
    if (name == 'build') { super.@build = value; return }
    variables[name] = value.toString()
  }
}

class StagesWords extends Words {
  boolean nested = false
  List branches = [] // of parallel: what to run
  StagesWords(Build b) { super(b) }
  void stage(String name, Closure c) {
    if (build.result != 'SUCCESS') return
    if (!nested && build.settings.from && !build.stagesRun && name != build.settings.from) { build.log "[Stage] $name: restarted after it"; return }
    def words = new StageWords(build)
    Build.call(words, c)
    if (!words.steps && !words.parallel) throw new IllegalStateException("stage $name has no steps")
    if (words.condition != null && !Build.call(words, words.condition)) {
      // as Jenkins does it, the stage has by then taken its executor and its locks, unless the condition comes first
      if (words.agent && !words.conditionFirst) build.log "[Stage] $name: takes an executor only to be skipped"
      if (words.limits?.lock && !words.conditionFirst) build.log "[Stage] $name: takes a lock only to be skipped"
      build.log "[Stage] $name: skipped by when"
      return
    }
    if (words.parallel) { Runner.parallel(build, words); return }
    String workspace = build.settings.workspace + (nested && branches ? "@${branches.size() + 1}" : '')
    def run = { Runner.stage(build, name, words, workspace) }
    if (nested) branches << run
    else run()
  }
}

class StageWords extends Words {
  Closure steps, post, condition, parallel
  OptionWords limits
  String agent
  boolean failFast = false, conditionFirst = false
  Map variables = [:]
  StageWords(Build b) { super(b) }
  void steps(Closure c) { steps = c }
  void post(Closure c) { post = c }
  void parallel(Closure c) { parallel = c }
  void failFast(boolean b) { failFast = b }
  void agent(Closure c) { def words = new AgentWords(build); Build.call(words, c); agent = words.name }
  void when(Closure c) { Build.call(new WhenWords(build, this), c) }
  void options(Closure c) { limits = new OptionWords(build); Build.call(limits, c) }
  void environment(Closure c) { Build.call(new EnvironmentWords(build, variables), c) }
}

class WhenWords extends Words {
  StageWords stage
  WhenWords(Build b, StageWords s) { super(b); stage = s }
  void expression(Closure c) { stage.condition = c }
  void beforeOptions(boolean b) { stage.conditionFirst = b }
}

class PostWords extends Words {
  StepWords steps
  PostWords(Build b, StepWords s) { super(b); steps = s }
  private void on(boolean met, Closure c) { if (met) Runner.guarded(build) { Build.call(steps, c) } }
  void always(Closure c) { on(true, c) }
  void success(Closure c) { on(build.result == 'SUCCESS', c) }
  void fixed(Closure c) { on(build.result == 'SUCCESS' && build.settings.previous == 'FAILURE', c) }
  void failure(Closure c) { on(build.result == 'FAILURE', c) }
  void aborted(Closure c) { on(build.result == 'ABORTED', c) }
}

/** The steps of one stage; without an agent they have no workspace. */
class StepWords extends Words {
  String folder
  Map variables
  StepWords(Build b, String folder, Map more) { super(b); this.folder = folder; variables = b.env + more + (folder ? [WORKSPACE: folder] : [:]) }
  def getEnv() { variables }

  void echo(String text) { build.log text }
  /** As the Git plugin does it: into whatever the workspace holds. */
  void checkout() {
    build.log "Checking out ${build.settings.scm.revision}"
    sh "git init -q . && git fetch -q '${build.settings.scm.url}' ${build.settings.scm.revision} && git checkout -q -f FETCH_HEAD"
  }

  void sh(String script) {
    if (folder == null) throw new IllegalStateException('sh: the stage has no agent')
    build.check()
    build.log "+ $script"
    // the shell outlives what it runs: Java throws away what a process's children still say once it has ended
    def command = ['setsid', '--wait', 'sh', '-c', "trap : TERM\nset -xe\n" + script]
    def builder = new ProcessBuilder(command).directory(new File(folder)).redirectErrorStream(true)
    builder.redirectInput(new File('/dev/null'))
    variables.each { k, v -> builder.environment().put((String) k, v.toString()) }
    Process p = builder.start()
    build.running << p
    def output = new BufferedReader(new InputStreamReader(p.inputStream))
    for (String line = build.turn.line(output); line != null; line = build.turn.line(output)) build.log '  ' + line
    int status = build.turn.end(p)
    build.running.remove(p)
    build.check()
    if (status != 0) throw new StepFailed("script returned exit code $status")
  }

  void junit(Map m) {
    only(m, ['testResults', 'allowEmptyResults'], 'junit')
    def files = Build.found(workspace(), (String) m.testResults)
    if (!files && !m.allowEmptyResults) throw new StepFailed('junit: no report found')
    int tests = 0, failures = 0
    files.each { def suite = new XmlSlurper().parse(workspace().resolve(it).toFile()); tests += suite.@tests.toInteger(); failures += suite.@failures.toInteger() }
    build.log "junit: ${files.size()} reports, $tests tests, $failures failures"
    if (failures) build.worsen('UNSTABLE')
  }

  void archiveArtifacts(Map m) {
    only(m, ['artifacts', 'allowEmptyArchive', 'fingerprint'], 'archiveArtifacts')
    def files = Build.found(workspace(), (String) m.artifacts)
    if (!files && !m.allowEmptyArchive) throw new StepFailed('archiveArtifacts: nothing found')
    build.log 'archived: ' + files.join(' ')
  }

  void stash(Map m) {
    only(m, ['name', 'includes', 'allowEmpty'], 'stash')
    def files = Build.found(workspace(), (String) m.includes)
    if (!files && !m.allowEmpty) throw new StepFailed("No files included in stash '${m.name}'")
    Build.copy(workspace(), stashed((String) m.name), files)
    build.log "stashed ${files.size()} files"
  }

  void unstash(String name) {
    if (!Files.exists(stashed(name))) throw new StepFailed("No such saved stash '$name'")
    Build.copy(stashed(name), workspace(), Build.found(stashed(name), '**'))
  }

  void retry(int times, Closure body) {
    for (int i = 1; ; i++) {
      try { Build.call(this, body); return }
      catch (StepFailed e) { if (i == times) throw e; build.log "ERROR: ${e.message}"; build.log 'Retrying' }
    }
  }
  void milestone(int ordinal) { build.milestone(ordinal) }
  void script(Closure body) { Build.call(this, body) }
  void mail(Map m) { only(m, ['to', 'subject', 'body'], 'mail'); build.log "mail to ${m.to}: ${m.subject}" }

  private Path workspace() {
    if (folder == null) throw new IllegalStateException('the stage has no agent')
    new File(folder).toPath()
  }
  private Path stashed(String name) { new File((String) build.settings.stashes, name).toPath() }

  Map usernamePassword(Map m) { only(m, ['credentialsId', 'usernameVariable', 'passwordVariable'], 'usernamePassword'); bind(m) { c -> [(m.usernameVariable): c.username, (m.passwordVariable): c.password] } }
  Map string(Map m) { only(m, ['credentialsId', 'variable'], 'string'); bind(m) { c -> [(m.variable): c.secret] } }
  Map file(Map m) { only(m, ['credentialsId', 'variable'], 'file'); bind(m) { c -> [(m.variable): c.file] } }
  private Map bind(Map m, Closure values) {
    def c = build.settings.credentials[m.credentialsId]
    if (c == null) throw new StepFailed("Could not find credentials entry with ID '${m.credentialsId}'")
    values(c)
  }
  void withCredentials(List bindings, Closure body) {
    def before = new LinkedHashMap(variables)
    bindings.each { variables.putAll(it) }
    try { Build.call(this, body) } finally { variables = before }
  }

  void input(Map m) {
    only(m, ['message', 'ok', 'submitter'], 'input')
    if (build.executors.get()) throw new IllegalStateException('input: an executor is held while people think')
    build.log "input: ${m.message}: ${build.settings.input}"
    while (build.settings.input == 'wait' && !build.aborted) build.turn.sleep(100)
    if (build.aborted) throw new Aborted('nobody answered')
    if (build.settings.input != 'ok') throw new Aborted('rejected at the gate')
  }
}

class Runner {
  static void guarded(Build build, Closure body) {
    try { body() }
    catch (Aborted e) { build.worsen('ABORTED'); build.log "ABORTED: ${e.message}" }
    catch (StepFailed e) { build.worsen('FAILURE'); build.log "ERROR: ${e.message}" }
    catch (CutOff e) { build.log "cut off: ${e.message}" }
  }

  static void stage(Build build, String name, StageWords words, String workspace) {
    def steps = new StepWords(build, words.agent ? workspace : null, words.variables)
    build.stagesRun << name
    build.log "[Stage] $name"
    guarded(build) {
      build.locked(words.limits?.lock) {
        build.within(words.limits?.limit) {
          if (words.agent) begin(build, words.agent, steps)
          try { Build.call(steps, words.steps) } finally { if (words.agent) build.executors.decrementAndGet() }
        }
      }
    }
    if (words.post) post(build, words.post, steps)
  }

  private static void begin(Build build, String label, StepWords steps) {
    build.log "Running on an agent with the label $label"
    build.executors.incrementAndGet()
    new File(steps.folder).mkdirs()
    steps.checkout()
  }

  static void parallel(Build build, StageWords words) {
    def inner = new StagesWords(build)
    inner.nested = true
    Build.call(inner, words.parallel)
    def errors = [].asSynchronized()
    def threads = inner.branches.collect { branch ->
      new Thread(new Task(build.turn, {
        try { branch() } catch (Throwable e) { errors << e; build.log "error: $e, at ${e.stackTrace.find { it.fileName == 'harness.groovy' }}" }
        if (words.failFast && build.result != 'SUCCESS' && !build.cutOff) { build.cutOff = true; build.terminate() }
      }))
    }
    threads*.start()
    threads.each { build.turn.end((Thread) it) }
    build.cutOff = false
    if (errors) throw errors[0]
  }

  static void post(Build build, Closure body, StepWords steps) {
    build.inPost.set(true)
    try { Build.call(new PostWords(build, steps), body) } finally { build.inPost.remove() }
  }
}

def settings = new JsonSlurper().parse(new File(args[1]))
def build = new Build(settings: settings)
build.params.putAll(settings.params ?: [:])
build.env.putAll(settings.env ?: [:])
build.env.BUILD_NUMBER = settings.build.toString()
new File((String) settings.state).mkdirs()
build.turn.take()

def binding = new Binding()
boolean seen = false
binding.setVariable('pipeline', { Closure c ->
  seen = true
  def words = new PipelineWords(build)
  Build.call(words, c)
  if (!words.stagesBody) throw new IllegalStateException('pipeline has no stages')
  if (!settings.from || !build.stashesKept) new File((String) settings.stashes).deleteDir()
  build.within(words.limits?.limit) { Build.call(new StagesWords(build), words.stagesBody) }
  if (words.postBody) Runner.post(build, words.postBody, new StepWords(build, null, [:]))
})
int code = 0
try {
  new GroovyShell(binding).evaluate(new File(args[0]))
  if (!seen) throw new IllegalStateException('no pipeline in it')
} catch (IllegalStateException | MissingMethodException | MissingPropertyException e) {
  build.result = 'FAILURE'
  build.log "invalid Jenkinsfile: ${e.message}"
}
build.log "Finished: ${build.result}"
System.exit(build.result == 'SUCCESS' ? 0 : build.result == 'ABORTED' ? 2 : 1)
