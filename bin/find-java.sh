# For the scripts beside it: sets jar, home (the project's folder) and java (any version; the jar finds the right one).
home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
jar=$home/target/agl.jar
if [ ! -f "$jar" ]; then
    echo "agl: target/agl.jar is not built yet: run mvn -q package -DskipTests in $home" >&2
    exit 2
fi
java=
for candidate in "$AGL_JAVA_HOME/bin/java" "$JAVA_HOME/bin/java" "$(command -v java)" /usr/lib/jvm/*/bin/java ~/.sdkman/candidates/java/*/bin/java \
    ~/.jdks/*/bin/java /Library/Java/JavaVirtualMachines/*/Contents/Home/bin/java; do
    if [ -x "$candidate" ] && [ ! -d "$candidate" ]; then
        java=$candidate
        break
    fi
done
if [ -z "$java" ]; then
    echo "agl: no Java found; install a JDK 25 (for example from https://adoptium.net) or set JAVA_HOME to its folder" >&2
    exit 2
fi
