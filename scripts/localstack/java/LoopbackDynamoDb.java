import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * DynamoDB Local in memory, on a free port of 127.0.0.1 that it tells on standard output; its own main class binds
 * every interface. Ends when standard input does, however whoever started it has ended.
 */
public final class LoopbackDynamoDb {
  private LoopbackDynamoDb() {}

  public static void main(String[] arguments) throws Exception {
    Thread owner = new Thread(LoopbackDynamoDb::endWithStandardInput);
    owner.setDaemon(true);
    owner.start();

    DynamoDBProxyServer proxy =
        ServerRunner.createServerFromCommandLineArgs(new String[] {"-inMemory", "-disableTelemetry"});
    var field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    Connector[] connectors = ((Server) field.get(proxy)).getConnectors();
    for (Connector connector : connectors) {
      ((ServerConnector) connector).setHost("127.0.0.1");
      ((ServerConnector) connector).setPort(0);
    }
    proxy.safeStart();
    System.out.println("port " + ((ServerConnector) connectors[0]).getLocalPort());
    proxy.join();
  }

  private static void endWithStandardInput() {
    try {
      while (System.in.read() >= 0) {}
    } catch (java.io.IOException gone) {
      // As good as its end.
    }
    Runtime.getRuntime().halt(0);
  }
}
