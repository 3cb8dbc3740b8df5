// A peer for interoperability runs, built on Tencent Kona: the same command line, the same
// certificate folder and the same lines of JSON as crates/tlcp/examples/tlcp_peer.rs. It speaks to
// the providers through the interfaces of the Java platform only.

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public final class Peer {
    private static final String[] PROVIDERS = {
        "com.tencent.kona.crypto.KonaCryptoProvider",
        "com.tencent.kona.pkix.KonaPKIXProvider",
        "com.tencent.kona.ssl.KonaSSLProvider",
    };
    // A peer that hangs ends a run with an error.
    private static final int SILENCE_MS_MAX = 20_000;
    private static final char[] PASSWORD = "only in memory".toCharArray();

    private final Map<String, String> options = new HashMap<>();
    private final SSLContext context;

    public static void main(String[] arguments) throws Exception {
        for (String name : PROVIDERS) {
            var constructor = Class.forName(name).getDeclaredConstructor();
            constructor.setAccessible(true);
            Security.addProvider((Provider) constructor.newInstance());
        }
        boolean held;
        try {
            Peer peer = new Peer(arguments);
            held = switch (arguments[0]) {
                case "server" -> peer.serve();
                case "client" -> peer.ask();
                default -> throw new IllegalArgumentException("usage: Peer server|client [flags]");
            };
        } catch (Exception error) {
            held = failed(error);
        }
        System.exit(held ? 0 : 1);
    }

    private Peer(String[] arguments) throws Exception {
        String side = arguments[0];
        for (int at = 1; at < arguments.length; at++) {
            String name = arguments[at].substring(2);
            boolean isFlag = name.equals("mutual") || name.equals("resume");
            options.put(name, isFlag ? "" : arguments[++at]);
        }
        Path folder = Path.of(options.get("cert-dir"));
        KeyStore trusted = KeyStore.getInstance("PKCS12", "KonaPKIX");
        trusted.load(null, null);
        List<Certificate> issuers = new ArrayList<>();
        if (Files.exists(folder.resolve("issuers.pem"))) {
            issuers.addAll(certificates(folder.resolve("issuers.pem")));
        }
        int number = 0;
        for (Certificate certificate : certificates(folder.resolve("ca.pem"))) {
            trusted.setCertificateEntry("ca-" + number++, certificate);
        }
        KeyStore own = KeyStore.getInstance("PKCS12", "KonaPKIX");
        own.load(null, null);
        if (side.equals("server") || options.containsKey("mutual")) {
            boolean signOnly = side.equals("client") && option("client-list", "sign-enc").equals("sign-ca");
            for (String kind : signOnly ? List.of("sign") : List.of("sign", "enc")) {
                List<Certificate> chain =
                        new ArrayList<>(certificates(folder.resolve(side + "." + kind + ".pem")));
                chain.addAll(issuers);
                PrivateKey key = key(folder.resolve(side + "." + kind + ".key"));
                own.setKeyEntry(kind, key, PASSWORD, chain.toArray(Certificate[]::new));
            }
        }
        var trust = TrustManagerFactory.getInstance("PKIX", "KonaSSL");
        trust.init(trusted);
        var keys = KeyManagerFactory.getInstance("NewSunX509", "KonaSSL");
        keys.init(own, PASSWORD);
        context = SSLContext.getInstance("TLCPv1.1", "KonaSSL");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), new SecureRandom());
    }

    private String option(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }

    private int number(String name, int otherwise) {
        return Integer.parseInt(option(name, Integer.toString(otherwise)));
    }

    private static Collection<? extends Certificate> certificates(Path file) throws Exception {
        var factory = CertificateFactory.getInstance("X.509", "KonaPKIX");
        return factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
    }

    private static PrivateKey key(Path file) throws Exception {
        String text = Files.readString(file).replaceAll("-----[A-Z ]+-----", "");
        byte[] der = Base64.getMimeDecoder().decode(text);
        return KeyFactory.getInstance("EC", "KonaCrypto").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private boolean serve() throws Exception {
        var listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
        listener.bind(new InetSocketAddress(InetAddress.getByName(option("host", "127.0.0.1")), number("port", 0)));
        listener.setEnabledCipherSuites(suites());
        listener.setNeedClientAuth(options.containsKey("mutual"));
        System.out.println("{\"listening\":" + listener.getLocalPort() + "}");
        System.out.flush();
        boolean held = true;
        for (int count = 0; count < number("connections", 1); count++) {
            try (var connection = (SSLSocket) listener.accept()) {
                connection.setSoTimeout(SILENCE_MS_MAX);
                held &= echo(connection);
            } catch (Exception error) {
                held = failed(error);
            }
        }
        return held;
    }

    private static boolean echo(SSLSocket connection) throws Exception {
        connection.startHandshake();
        InputStream from = connection.getInputStream();
        OutputStream to = connection.getOutputStream();
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        for (int count = from.read(buffer); count > 0; count = from.read(buffer)) {
            to.write(buffer, 0, count);
            to.flush();
            total += count;
        }
        return report(connection, total, false);
    }

    private boolean ask() throws Exception {
        byte[] firstSession = null;
        for (int count = 0; count < (options.containsKey("resume") ? 2 : 1); count++) {
            String name = option("name", "gateway.example");
            var plain = new Socket(option("host", "127.0.0.1"), number("port", 0));
            plain.setSoTimeout(SILENCE_MS_MAX);
            var connection = (SSLSocket) context.getSocketFactory()
                    .createSocket(plain, name, number("port", 0), true);
            connection.setEnabledCipherSuites(suites());
            SSLParameters parameters = connection.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(name)));
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            connection.setSSLParameters(parameters);
            try (connection) {
                connection.startHandshake();
                byte[] session = connection.getSession().getId();
                boolean resumed = firstSession != null && Arrays.equals(session, firstSession);
                firstSession = session;
                exchange(connection);
                report(connection, (long) number("size", 1024) * number("rounds", 1), resumed);
            }
        }
        return true;
    }

    private void exchange(SSLSocket connection) throws Exception {
        byte[] sent = new byte[number("size", 1024)];
        new SecureRandom().nextBytes(sent);
        for (int round = 0; round < number("rounds", 1); round++) {
            var writer = new Thread(() -> {
                try {
                    connection.getOutputStream().write(sent);
                    connection.getOutputStream().flush();
                } catch (Exception error) {
                    failed(error);
                }
            });
            writer.start();
            byte[] back = connection.getInputStream().readNBytes(sent.length);
            writer.join();
            if (!Arrays.equals(sent, back)) {
                throw new IllegalStateException("what came back differs");
            }
        }
    }

    private String[] suites() {
        return new String[] {"TLCP_" + option("suite", "ECC_SM4_GCM_SM3")};
    }

    private static boolean report(SSLSocket connection, long bytes, boolean resumed) {
        System.out.println("{\"ok\":true,\"suite\":\"" + connection.getSession().getCipherSuite()
                + "\",\"resumed\":" + resumed + ",\"bytes\":" + bytes + "}");
        System.out.flush();
        return true;
    }

    private static boolean failed(Exception error) {
        String text = String.valueOf(error).replace('\\', '/').replace('"', '\'').replace('\n', ' ');
        System.out.println("{\"ok\":false,\"resumed\":false,\"bytes\":0,\"error\":\"" + text + "\"}");
        System.out.flush();
        return false;
    }
}
