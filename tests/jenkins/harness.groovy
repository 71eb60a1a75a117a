// Runs the real Jenkinsfile without Jenkins: gives the words of a declarative pipeline that it uses their meaning, and
// runs its sh steps for real. A word, an option or a step that is not known here is an error, as it is in Jenkins.
//   groovy harness.groovy JENKINSFILE SETTINGS.json
// SETTINGS: workspace, build (number), scm ({url, revision}), params, credentials (id → {file} or {username, password}),
// stashes (a folder), from (the stage to restart at, as Jenkins' "Restart from Stage": with the stashes of before),
// input ("ok", "abort" or "wait"), env (the agent's), abortAt (words of the log: then the running step is ended as Jenkins
// ends it), minute (how many seconds one lasts for time limits; 60). Prints the build's log; its last line is the result.
import groovy.json.JsonSlurper
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption

class Aborted extends RuntimeException { Aborted(String why) { super(why) } }
class StepFailed extends RuntimeException { StepFailed(String why) { super(why) } }

class Build {
  Map settings
  Map params = [:]
  Map env = [:]
  Map parameterDefaults = [:]
  String result = 'SUCCESS'
  boolean stashesKept = false
  List stagesRun = []
  volatile Process running
  volatile boolean aborted = false

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
    def end = { abort("the time limit of ${limit.time} ${limit.unit}") } as TimerTask
    timer.schedule(end, (long) (limit.time * units[limit.unit ?: 'MINUTES'] * (settings.minute ?: 60) * 1000))
    try { body() } finally { timer.cancel() }
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
    Process p = running
    // Jenkins sends SIGTERM to all that the step started
    if (p != null) ['bash', '-c', "pkill -TERM -s ${pid(p)}"].execute().waitFor()
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
  void agent(Closure c) { Build.call(new AgentWords(build), c) }
  void options(Closure c) { limits = new OptionWords(build); Build.call(limits, c) }
  void parameters(Closure c) { Build.call(new ParameterWords(build), c) }
  void environment(Closure c) { Build.call(new EnvironmentWords(build), c) }
  void stages(Closure c) { stagesBody = c }
  void post(Closure c) { postBody = c }
}

class AgentWords extends Words {
  AgentWords(Build b) { super(b) }
  void label(String name) { build.log "Running on an agent with the label $name" }
}

class OptionWords extends Words {
  Map limit
  OptionWords(Build b) { super(b) }
  void disableConcurrentBuilds() { }
  void preserveStashes() { build.stashesKept = true }
  void timeout(Map m) { only(m, ['time', 'unit'], 'timeout'); limit = m }
  void buildDiscarder(Object o) { assert o == 'logRotator' }
  String logRotator(Map m) { only(m, ['numToKeepStr', 'artifactNumToKeepStr', 'daysToKeepStr', 'artifactDaysToKeepStr'], 'logRotator'); 'logRotator' }
}

class ParameterWords extends Words {
  ParameterWords(Build b) { super(b) }
  void string(Map m) { put(m) }
  void booleanParam(Map m) { put(m) }
  private void put(Map m) {
    only(m, ['name', 'defaultValue', 'description'], 'parameter')
    // a job's first build, which nobody could give any, has the defaults as params, and nothing of them in the environment
    if (build.params.containsKey(m.name)) build.env[(String) m.name] = build.params[m.name].toString()
    else build.params[m.name] = m.defaultValue
  }
}

class EnvironmentWords extends Words {
  EnvironmentWords(Build b) { super(b) }
  void setProperty(String name, Object value) {
    if (name == 'build') { super.@build = value; return }
    build.env[name] = value.toString()
  }
}

class StagesWords extends Words {
  StagesWords(Build b) { super(b) }
  void stage(String name, Closure c) {
    if (build.result != 'SUCCESS') return
    if (build.settings.from && !build.stagesRun && name != build.settings.from) { build.log "[Stage] $name: restarted after it"; return }
    def words = new StageWords(build)
    Build.call(words, c)
    if (!words.steps) throw new IllegalStateException("stage $name has no steps")
    if (words.condition != null && !Build.call(words, words.condition)) { build.log "[Stage] $name: skipped by when"; return }
    build.stagesRun << name
    build.log "[Stage] $name"
    Runner.guarded(build) { build.within(words.limits?.limit) { Build.call(new StepWords(build), words.steps) } }
    if (words.post) Runner.post(build, words.post)
  }
}

class StageWords extends Words {
  Closure steps, post, condition
  OptionWords limits
  StageWords(Build b) { super(b) }
  void steps(Closure c) { steps = c }
  void post(Closure c) { post = c }
  void when(Closure c) { Build.call(new WhenWords(build, this), c) }
  void options(Closure c) { limits = new OptionWords(build); Build.call(limits, c) }
}

class WhenWords extends Words {
  StageWords stage
  WhenWords(Build b, StageWords s) { super(b); stage = s }
  void expression(Closure c) { stage.condition = c }
}

class PostWords extends Words {
  PostWords(Build b) { super(b) }
  private void on(boolean met, Closure c) { if (met) Runner.guarded(build) { Build.call(new StepWords(build), c) } }
  void always(Closure c) { on(true, c) }
  void success(Closure c) { on(build.result == 'SUCCESS', c) }
  void failure(Closure c) { on(build.result == 'FAILURE', c) }
  void aborted(Closure c) { on(build.result == 'ABORTED', c) }
}

class StepWords extends Words {
  StepWords(Build b) { super(b) }

  void echo(String text) { build.log text }
  /** As the Git plugin does it: into whatever the workspace holds. */
  void checkout() {
    build.log "Checking out ${build.settings.scm.revision}"
    sh "git init -q . && git fetch -q '${build.settings.scm.url}' ${build.settings.scm.revision} && git checkout -q -f FETCH_HEAD"
  }

  void sh(String script) {
    if (build.aborted) throw new Aborted('the build was aborted')
    build.log "+ $script"
    // the shell outlives what it runs: Java throws away what a process's children still say once it has ended
    def command = ['setsid', '--wait', 'sh', '-c', "trap : TERM\nset -xe\n" + script]
    def builder = new ProcessBuilder(command).directory(new File((String) build.settings.workspace)).redirectErrorStream(true)
    builder.redirectInput(new File('/dev/null'))
    build.env.each { k, v -> builder.environment().put((String) k, v.toString()) }
    Process p = builder.start()
    build.running = p
    p.inputStream.eachLine { build.log '  ' + it }
    int status = p.waitFor()
    build.running = null
    if (build.aborted) throw new Aborted('the build was aborted')
    if (status != 0) throw new StepFailed("script returned exit code $status")
  }

  void junit(Map m) {
    only(m, ['testResults', 'allowEmptyResults'], 'junit')
    def files = Build.found(workspace(), (String) m.testResults)
    if (!files && !m.allowEmptyResults) throw new StepFailed('junit: no report found')
    int tests = 0, failures = 0
    files.each { def suite = new XmlSlurper().parse(workspace().resolve(it).toFile()); tests += suite.@tests.toInteger(); failures += suite.@failures.toInteger() }
    build.log "junit: ${files.size()} reports, $tests tests, $failures failures"
    if (failures && build.result == 'SUCCESS') build.result = 'UNSTABLE'
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

  private Path workspace() { new File((String) build.settings.workspace).toPath() }
  private Path stashed(String name) { new File((String) build.settings.stashes, name).toPath() }

  Map usernamePassword(Map m) { only(m, ['credentialsId', 'usernameVariable', 'passwordVariable'], 'usernamePassword'); bind(m) { c -> [(m.usernameVariable): c.username, (m.passwordVariable): c.password] } }
  Map file(Map m) { only(m, ['credentialsId', 'variable'], 'file'); bind(m) { c -> [(m.variable): c.file] } }
  private Map bind(Map m, Closure values) {
    def c = build.settings.credentials[m.credentialsId]
    if (c == null) throw new StepFailed("Could not find credentials entry with ID '${m.credentialsId}'")
    values(c)
  }
  void withCredentials(List bindings, Closure body) {
    def before = new LinkedHashMap(build.env)
    bindings.each { build.env.putAll(it) }
    try { Build.call(this, body) } finally { build.env = before }
  }

  void input(Map m) {
    only(m, ['message', 'ok', 'submitter'], 'input')
    build.log "input: ${m.message}: ${build.settings.input}"
    while (build.settings.input == 'wait' && !build.aborted) sleep(100)
    if (build.aborted) throw new Aborted('nobody answered')
    if (build.settings.input != 'ok') throw new Aborted('rejected at the gate')
  }
}

class Runner {
  static void guarded(Build build, Closure body) {
    try { body() }
    catch (Aborted e) { build.result = 'ABORTED'; build.log "ABORTED: ${e.message}" }
    catch (StepFailed e) { build.result = 'FAILURE'; build.log "ERROR: ${e.message}" }
  }
  static void post(Build build, Closure body) { boolean was = build.aborted; build.aborted = false; Build.call(new PostWords(build), body); build.aborted = was }
}

def settings = new JsonSlurper().parse(new File(args[1]))
def build = new Build(settings: settings)
build.params.putAll(settings.params ?: [:])
build.env.putAll(settings.env ?: [:])
build.env.BUILD_NUMBER = settings.build.toString()
build.env.WORKSPACE = settings.workspace

def binding = new Binding()
boolean seen = false
binding.setVariable('pipeline', { Closure c ->
  seen = true
  def words = new PipelineWords(build)
  Build.call(words, c)
  if (!words.stagesBody) throw new IllegalStateException('pipeline has no stages')
  if (!settings.from || !build.stashesKept) new File((String) settings.stashes).deleteDir()
  Runner.guarded(build) { new StepWords(build).checkout() }
  build.within(words.limits?.limit) { Build.call(new StagesWords(build), words.stagesBody) }
  if (words.postBody) Runner.post(build, words.postBody)
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
