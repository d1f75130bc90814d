import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Java's PKIX as a relying party: one question a line, one answer a line.
 *
 * A question is tab-separated: how the status is found (a file of CRLs, or the address of an OCSP responder), the
 * root, the leaf, its issuer, the extended key usage wanted (or -), the host name wanted (or -).
 */
public final class Relying {
    private static final CertificateFactory FACTORY = factory();

    public static void main(String[] arguments) throws Exception {
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            String[] parts = line.split("\t");
            String answer;
            try {
                validate(parts);
                answer = "OK";
            } catch (Exception refusal) {
                answer = String.valueOf(refusal).replace('\n', ' ');
            }
            System.out.println(answer);
        }
    }

    private static void validate(String[] parts) throws Exception {
        Set<TrustAnchor> anchors = Set.of(new TrustAnchor(certificate(parts[1]), null));
        PKIXParameters parameters = new PKIXParameters(anchors);
        parameters.setTargetCertConstraints(wanted(parts[4], parts[5]));
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker status = (PKIXRevocationChecker) validator.getRevocationChecker();
        if (parts[0].startsWith("http")) {
            status.setOcspResponder(URI.create(parts[0]));
            status.setOptions(EnumSet.of(
                PKIXRevocationChecker.Option.NO_FALLBACK, PKIXRevocationChecker.Option.ONLY_END_ENTITY));
        } else {
            status.setOptions(EnumSet.of(
                PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
            parameters.addCertStore(
                CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists(parts[0]))));
        }
        parameters.addCertPathChecker(status);
        CertPath path = FACTORY.generateCertPath(List.<Certificate>of(certificate(parts[2]), certificate(parts[3])));
        validator.validate(path, parameters);
    }

    private static X509CertSelector wanted(String usage, String host) throws Exception {
        X509CertSelector selector = new X509CertSelector();
        if (!usage.equals("-")) {
            selector.setExtendedKeyUsage(Set.of(usage));
        }
        if (!host.equals("-")) {
            selector.addSubjectAlternativeName(2, host);
        }
        return selector;
    }

    private static X509Certificate certificate(String file) throws Exception {
        try (FileInputStream in = new FileInputStream(file)) {
            return (X509Certificate) FACTORY.generateCertificate(in);
        }
    }

    private static Collection<?> lists(String file) throws Exception {
        try (FileInputStream in = new FileInputStream(file)) {
            return FACTORY.generateCRLs(in);
        }
    }

    private static CertificateFactory factory() {
        try {
            return CertificateFactory.getInstance("X.509");
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
